#define TWICE(x) ((x) + (x))
extern int helper(int n);

// A header.
extern int helper(int n);
extern pint broken();

// Dsu: dynamic updating, what a program can say about the updates of itself. See docs/dsu.md.
//
// In a program compiled without -dsu an update point does nothing and the other functions tell that there was no update.
#ifndef DSU_H
#define DSU_H
prefix Dsu {

// Code, data and types change only here; costs a load and a compare when nothing is pending. Inside a state
// transformer it returns at once.
extern void update_point();

// The label of the version that is running (`popc -dsu --dsu-version=0.2`, later that of the patch applied last).
extern string version();

// How many updates have been applied, whether one waits for an update point, and why the last refused one was refused.
extern int updates();
extern bool pending();
extern string last_error();

// Asks for a patch file to be applied at one of the next update points; false if it cannot be read or another patch waits.
// It is prepared while the program goes on; updates() and last_error() tell what came of it.
extern bool apply(string file);

// Takes requests of popctl at another Unix socket, too, which is made at this path, for this user only (mode 0600), and removed when the
// program ends. Once only; false: last_error() says why. Forked children do not take it over.
extern bool listen(string path);

// For state transformers: ends the update; nothing is replaced, and `popctl` tells why.
extern void refuse(string why);
extern exception Refused(string);

}
#endif

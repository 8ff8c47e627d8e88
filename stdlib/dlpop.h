// Dlpop: plug-ins, modules that a running program loads itself. See docs/dsu.md.
//
// The program must be made with `popc -dsu`, a plug-in with `popc -dsu -c plug.pop`. A plug-in is verified and linked with the program like a
// patch, or refused as a whole; it can use whatever public names the program has, the library modules that are in it included.
#ifndef DLPOP_H
#define DLPOP_H

// A plug-in that was loaded, abstract.
extern handle_t;

// A symbol has another type than the one asked for; nothing of this name is in the plug-in, or the plug-in is closed.
extern exception WrongType(string);
extern exception SymbolNotFound(string);
// The object is not type-safe, or does not fit the program; it needs a symbol that neither the program nor the other objects define.
extern exception FailsTypeCheck;
extern exception UnresolvedSymbol(string);

// Loads the object NAME.o (or NAME, if it ends in .o), links it, and calls its `void init()`, static or not, if it has one. An exception of
// init leaves dlopen, and the plug-in is closed. The same version of a module is loaded once; each dlopen calls init again.
// Raises Core::FileOpenError(file), FailsTypeCheck, UnresolvedSymbol(symbol), Core::Failure(why) for whatever else is wrong: a module of
// this name runs at another version, a public name is there already, the program takes signed patches only, a state transformer asks.
extern handle_t dlopen(string name);
// The same with the bytes of the object. Its types are part of it: `typed` is not looked at. `name` is for messages.
extern handle_t dlopen_buf(string object, string typed, string name);
// Several that need each other, all or none. The init functions run in the order of the names.
extern handle_t dlopens(string names[])[];
extern handle_t dlopen_bufs(*(string,string,string) objects[])[];

// The public symbol of the plug-in, at exactly the type that t stands for: a function as itself, a variable of type u as *(u) that shares its
// storage, an exception as <u>exncon. A::x is spelled so, or A?x. If the module was updated since, it is that of the running version.
// Raises WrongType(name), SymbolNotFound(name).
extern a dlsym<a>(handle_t h, string name, <a>rep t);
// The plug-in's names are free again, and dlsym finds nothing more in it. What was taken from it stays good.
extern void dlclose(handle_t h);

// What has taken the place of a function, variable or exception that was taken before an update; in the init of a patch, before this very
// update. Old functions lead to new ones by themselves: this is for those whose type has changed, and for comparing.
// Raises WrongType, SymbolNotFound("updated_sym").
extern b updated_sym<a,b>(a old, <a>rep t, <b>rep u);

// Whether dlopen and dlclose say on the standard error what they do, and why they refuse.
extern bool dlpop_verbose;
// Why the last dlopen was refused.
extern string dlerror();
// Write the names of the modules, or of a plug-in's symbols with their types, to the standard output.
extern void print_table();
extern void print_handle_table(handle_t h);

#endif

// Filename: names of files, as texts; nothing looks at the file system.
#ifndef FILENAME_H
#define FILENAME_H
prefix Filename {

// The name of the directory where a program runs, ".".
extern string current_dir_name;
// A name within a directory.
extern string concat(string directory, string name);
// Without what follows the last dot of the last component; raises Core::InvalidArg if it has no dot.
extern string chop_extension(string name);
// The directory of a name and what it is called there, as the commands of these names print them: "/usr/lib/" is "lib" in "/usr".
extern string dirname(string name);
extern string basename(string name);
// Does a name end so?
extern bool check_suffix(string name, string suffix);
// With slashes for backslashes.
extern string gnuify(string name);

}
#endif

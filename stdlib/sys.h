// Sys: where a program runs.
#ifndef SYS_H
#define SYS_H
prefix Sys {

// "Unix".
extern string os_type;
// The name of the directory where a program runs, ".".
extern string current_dir_name;

}
#endif

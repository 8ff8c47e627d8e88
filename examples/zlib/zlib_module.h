// Zlib: compressing strings with the C library of that name.
#ifndef ZLIB_MODULE_H
#define ZLIB_MODULE_H
prefix Zlib {

// What the library says of data that it cannot read.
extern exception Error(string);

extern string version();
// The checksum of n bytes of s from ofs on, after those that gave `sum` (0 at first).
extern int crc32(int sum, string s, int ofs, int n);
// Level 0 (none) to 9 (best).
extern string compress(string s, int level);
// Raises Error, also if the result has more than `most` bytes.
extern string uncompress(string s, int most);

}
#endif

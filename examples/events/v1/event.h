// One request of a web server's log, and the parser of its lines.
#ifndef EVENT_H
#define EVENT_H
prefix Event {
open Event {

extern struct event {
  const string verb;
  const string path;
  const int status;
  const int bytes;
}

// Raised for a line that is not `VERB PATH STATUS BYTES`; carries the line.
extern exception Malformed(string);

extern event parse(string line);
extern bool failed(event e);

}}
#endif

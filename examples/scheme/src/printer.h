// Values as text.
#ifndef SCHEME_PRINTER_H
#define SCHEME_PRINTER_H
#include "value.h"
prefix Printer {
open Printer {

open Value;

// As `display` shows them; as the reader reads them.
extern string display(value v);
extern string written(value v);
// The message of a condition with its irritants; of any other value, that it was raised.
extern string describe(value raised);
extern string place_to_string(place p);

}}
#endif

// What the reader (object_annotations.cpp, which has the grammar) and the writer of label records share.
#pragma once

#include "tal/object.h"

namespace tal {
// .tal.lines, which nothing but messages follows (tal/text/lines.cpp).
bool read_lines(ByteReader& in, ObjectAnnotations& a);
} // namespace tal

namespace tal::label_format {

inline constexpr uint8_t saved_registers[] = {3, 5, 12, 13, 14, 15}; // rbx rbp r12..r15

enum LabelFlag : uint8_t { same_depth = 1, in_place = 2, has_slots = 4, has_same = 8, has_facts = 16, has_frame = 32, same_frame = 64, same_live = 128 };

// Order of registers in the set: those that are live at most labels come first, so that the set is one or two bytes.
inline constexpr uint8_t mask_order[] = {3, 5, 12, 13, 0, 7, 6, 2, 1, 14, 15, 8, 9, 10, 11, 4};

// Prologues push what they save in this order: most records of a function agree in where the entry values are.
inline constexpr uint8_t push_order[] = {5, 15, 14, 13, 12, 3}; // rbp r15 r14 r13 r12 rbx

bool same_type(const LocationType& a, const LocationType& b);
inline bool location_below(const LiveLocation& a, const LiveLocation& b) { return a.location < b.location; }

// The entries that the set `frame` (bits in push order) stands for, ascending. `listed`: the registers that the record lists.
std::vector<LiveLocation> frame_entries(unsigned frame, bool others_in_place, uint32_t listed);
// Does the record before say the same of all locations? Of many it is said again, so that memory is in proportion to the file (R52).
bool lives_on(const LabelRecord& l, const LabelRecord* previous);

} // namespace tal::label_format

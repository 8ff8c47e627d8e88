// Everything that writes what the checker and the loader read: objects, types, interfaces. Compilers, assemblers and tests use it.
// Nothing of this folder is trusted: what it writes is read and judged like any other bytes.
#pragma once

#include "tal/interface.h"
#include "tal/object.h"

namespace tal {

class ByteWriter;

// The `.tal.*` sections of an object. Empty lists make no section, except .tal.note .tal.types .tal.sigs.
std::vector<NamedBytes> encode_annotations(const ObjectAnnotations& a);

// The ELF file. The name of ELF symbol i+1 is the name of record i.
Bytes write_object(const ObjectImage& image, const ObjectAnnotations& annotations);

// .tal.types; ids are unchanged when it is read again.
void write_types(const TypeTable& table, ByteWriter& out);

// What an updateable executable carries of each module.
Bytes serialise(const Interface& interface);

} // namespace tal

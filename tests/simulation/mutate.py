#!/usr/bin/env python3
"""Copies libshared's sources and makes every guard named in mutations.json one that can be switched off: by the number of its mutant in e6_mutant.

usage: mutate.py <libshared> <mutations.json> <output directory>

Fails when a text that is to be replaced does not stand exactly once in its file: then the guard has changed, and the mutation with it.
"""
import json
import pathlib
import shutil
import sys


def write_if_changed(path: pathlib.Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def main() -> int:
    source, listing, out = (pathlib.Path(a) for a in sys.argv[1:4])
    texts = {p.relative_to(source): p.read_text() for d in ("src", "include") for p in (source / d).rglob("*") if p.is_file()}
    names = []
    touched = set()
    for mutation in json.loads(listing.read_text()):
        file = pathlib.Path(mutation["file"])
        found = texts[file].count(mutation["replace"])
        if found != 1:
            print(f"{listing}: {mutation.get('names', ['(preparation)'])[0]}: its text stands {found} times in {file}, expected once:\n"
                  f"{mutation['replace']}", file=sys.stderr)
            return 1
        by = mutation["by"]
        for i, name in enumerate(mutation.get("names", [])):
            names.append(name)
            by = by.replace(f"MUTANT[{i}]", f"(e6_mutant == {len(names)})")
        texts[file] = texts[file].replace(mutation["replace"], by)
        touched.add(file)
    for file in touched:
        declared = "extern int e6_mutant;\n"
        texts[file] = texts[file].replace("#pragma once\n", "#pragma once\n" + declared, 1) if file.suffix == ".h" else declared + texts[file]
    for file, text in texts.items():
        write_if_changed(out / file, text)
    quoted = ",\n".join(f"      {json.dumps(n)}" for n in names)
    write_if_changed(out / "mutant_names.cc", f'''#include "mutants.h"

int e6_mutant = 0;

namespace e6::simulation {{

const std::vector<std::string>& mutant_names() {{
  static const std::vector<std::string> all{{
{quoted}}};
  return all;
}}

}}  // namespace e6::simulation
''')
    (out / "stamp").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())

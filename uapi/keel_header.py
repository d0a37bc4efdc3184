# SPDX-License-Identifier: GPL-2.0
"""
What <linux/keel.h> says, for programs: its kernel-doc, constants, structures and
calls.  The one parser of the header, so that the reference (docs/make-abi,
docs/make-man), the fuzzer (selftests/fuzz/describe) and the check of both
(selftests/abi) cannot disagree on what is in it.

What the header has and what has no comment, or a comment on something that is not
there, is a line in Header.problems.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

# What a call can be made on, by the title of the DOC: section before it.
DESCRIPTORS = {"calls on /dev/keel": "KEEL", "calls on a VM": "VM", "calls on a vCPU": "VCPU"}
NO_ERRORS = "Errors: none of its own."


class Comment:
	"""A kernel-doc comment.  Members are {name: text}; blocks are text, or lists of it."""

	def __init__(self, text, line, end):
		self.line, self.end = line, end
		lines = [re.sub(r"^\s*\* ?", "", part).rstrip() for part in text.strip().split("\n")]
		head = []
		while lines and lines[0] and not lines[0].startswith("@"):
			head.append(lines.pop(0))
		self.title = join(head)
		self.members, self.blocks = {}, []
		member = None
		while lines and (lines[0].startswith("@") or (member and re.match(r"[\t ]", lines[0]))):
			start = re.match(r"@(\w+):\s*(.*)", lines[0])
			if start:
				member = start[1]
				self.members[member] = start[2]
			elif member:
				self.members[member] = join([self.members[member], lines[0].strip()])
			lines.pop(0)
		self.read_blocks(lines)

	def read_blocks(self, lines):
		paragraph = []
		for line in lines + [""]:
			if line.startswith("- "):
				if paragraph:
					self.blocks.append(join(paragraph))
					paragraph = []
				if not (self.blocks and isinstance(self.blocks[-1], list)):
					self.blocks.append([])
				self.blocks[-1].append(line[2:])
			elif line.startswith("  ") and self.blocks and isinstance(self.blocks[-1], list):
				self.blocks[-1][-1] = join([self.blocks[-1][-1], line.strip()])
			elif line:
				paragraph.append(line.strip())
			elif paragraph:
				self.blocks.append(join(paragraph))
				paragraph = []

	def errors(self):
		"""[(errno, text)] of what is listed behind a paragraph that says so."""
		for before, block in zip(self.blocks, self.blocks[1:]):
			if isinstance(block, list) and isinstance(before, str) and before.startswith("Errors"):
				return [tuple(re.match(r"-(E\w+): (.*)|()()", item).groups()[:2]) for item in block]
		return []

	def text(self):
		"""The blocks without the errors of a call."""
		out = []
		for block in self.blocks:
			if isinstance(block, list) and out and out[-1] == "Errors:":
				out.pop()
			elif block != NO_ERRORS:
				out.append(block)
		return out


class Member:
	"""A member of a structure; @choice: one of several in the same place."""

	def __init__(self, type_, name, count, choice):
		self.type, self.name, self.count, self.choice = type_, name, count, choice
		self.offset = self.size = None


class Item:
	"""What the header defines, with its comment: kind is doc, call, constant, struct or enum."""

	def __init__(self, kind, name, comment):
		self.kind, self.name, self.comment = kind, name, comment
		self.summary, self.value, self.size = "", None, None
		self.members = []
		self.expression = self.number = self.on = self.takes = None
		self.fills = False


def join(lines):
	"""Lines of a paragraph as one, sentences two spaces apart."""
	out = ""
	for line in lines:
		out += ("  " if out.endswith(".") else " " if out else "") + line
	return out


def comments(text):
	"""All kernel-doc comments of a C file."""
	return [Comment(match[1], text.count("\n", 0, match.start()) + 1, match.end())
		for match in re.finditer(r"/\*\*(?!\*)(.*?)\*/", text, re.S)]


def plain(text):
	"""A C file without its comments, and lines in the same places."""
	return re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


class Header:
	def __init__(self, path):
		self.path, self.items, self.problems = path, [], []
		with open(path, encoding="ascii") as file:
			self.source = file.read()
		self.code = plain(self.source)
		self.on = None
		for comment in comments(self.source):
			self.read(comment)
		self.check_all_documented()
		for item in self.items:
			self.check_references(item)

	def problem(self, line, text):
		self.problems.append(f"{self.path}:{line}: {text}")

	def of(self, kind):
		return [item for item in self.items if item.kind == kind]

	def find(self, name):
		return next((item for item in self.items if item.name == name), None)

	def read(self, comment):
		match = re.match(r"(DOC:|define|struct|enum) (\S.*)", comment.title)
		if not match:
			self.problem(comment.line, "kernel-doc that begins with neither DOC:, define, struct nor enum")
			return
		if match[1] == "DOC:":
			item = Item("doc", match[2], comment)
			self.on = DESCRIPTORS.get(item.name)
			self.items.append(item)
			return
		name, _, summary = match[2].partition(" - ")
		if not summary:
			self.problem(comment.line, f"{name}: its kernel-doc is not of the form NAME - WHAT IT IS")
		kind = "constant" if match[1] == "define" else match[1]
		item = Item(kind, name, comment)
		item.summary = summary
		code = self.code[comment.end:].lstrip()
		reader = {"constant": self.read_define, "struct": self.read_struct, "enum": self.read_enum}
		if reader[kind](item, code):
			self.items.append(item)
		else:
			self.problem(comment.line, f"the kernel-doc of {name} does not stand before it")

	def read_define(self, item, code):
		match = re.match(r"#define\s+(\w+)\s+((?:.*\\\n)*.*)", code)
		if not match or match[1] != item.name:
			return False
		item.expression = re.sub(r"\s*\\\n\s*", " ", match[2]).strip()
		if item.expression.startswith("_IO"):
			item.kind = "call"
			self.read_call(item)
		elif self.items[-1].kind not in ("doc", "constant"):
			self.problem(item.comment.line, f"{item.name}: begins a list of constants; put a DOC: comment "
				     "before it that says what they are for")
		return True

	def read_call(self, item):
		number = re.fullmatch(r"_IO\(KEEL_IOC, (0x[0-9a-f]{2})\)", item.expression)
		text = "  ".join(block for block in item.comment.blocks if isinstance(block, str))
		takes = re.search(r"Takes struct (\w+)( and fills it in)?", text)
		errors = item.comment.errors()
		item.number, item.on = number and int(number[1], 16), self.on
		if takes:
			item.takes, item.fills = takes[1], bool(takes[2])
		wrong = (
			(not number, "not of the form _IO(KEEL_IOC, 0x..)"),
			(not self.on, "stands before the DOC: comment that says what it is a call on"),
			(not takes and "Takes no argument" not in text,
			 'its kernel-doc says neither "Takes struct ..." nor "Takes no argument"'),
			(not errors and NO_ERRORS not in item.comment.blocks,
			 f'its kernel-doc has no list of "Errors:", nor "{NO_ERRORS}"'),
			(errors and not all(name and what for name, what in errors),
			 "an error is not of the form -ENAME: where"),
		)
		for problem, what in wrong:
			if problem:
				self.problem(item.comment.line, f"{item.name}: {what}")

	def read_struct(self, item, code):
		match = re.match(r"struct (\w+) \{\n(.*?)\n\};", code, re.S)
		if not match or match[1] != item.name:
			return False
		choice = 0
		for line in match[2].split("\n"):
			line = line.strip()
			member = re.fullmatch(r"((?:struct )?\w+) (\w+)(?:\[(\w+)\])?;", line)
			if line == "union {":
				choice = 1
			elif line == "};":
				choice = 0
			elif member:
				item.members.append(Member(member[1], member[2], member[3], bool(choice)))
			elif line:
				self.problem(item.comment.line, f"struct {item.name}: this is not understood: {line}")
		self.compare(item, [member.name for member in item.members], "member")
		return True

	def read_enum(self, item, code):
		match = re.match(r"enum (\w+) \{\n(.*?)\n\};", code, re.S)
		if not match or match[1] != item.name:
			return False
		for name in re.findall(r"^\s*(\w+)", match[2], re.M):
			item.members.append(Member(None, name, None, False))
		self.compare(item, [member.name for member in item.members], "value")
		return True

	def compare(self, item, names, what):
		documented = item.comment.members
		for name in names:
			if not documented.get(name):
				self.problem(item.comment.line, f"{item.kind} {item.name}: no kernel-doc for {what} {name}")
		for name in documented:
			if name not in names:
				self.problem(item.comment.line, f"{item.kind} {item.name}: kernel-doc for {name}, "
					     f"and there is no such {what}")

	def check_all_documented(self):
		known = {(item.kind if item.kind in ("struct", "enum") else "define", item.name) for item in self.items}
		for match in re.finditer(r"^(?:#(define) (\w+)[ \t]+\S|(struct|enum) (\w+) \{)", self.code, re.M):
			thing = (match[1] or match[3], match[2] or match[4])
			if thing not in known:
				line = self.code.count("\n", 0, match.start()) + 1
				self.problem(line, f"{thing[0]} {thing[1]}: no kernel-doc")

	def check_references(self, item):
		"""A comment that names what is not there is out of date."""
		names = [member.name for member in item.members]
		texts = list(item.comment.members.values()) + [item.comment.title]
		for block in item.comment.blocks:
			texts += [block] if isinstance(block, str) else block
		for text in texts:
			for name in self.unknown(text):
				self.problem(item.comment.line, f"{item.name}: its kernel-doc names {name}, which is not there")
			for kind, part in tokens(text):
				if kind == "param" and item.kind == "struct" and part[1:].split(".")[0] not in names:
					self.problem(item.comment.line, f"struct {item.name}: its kernel-doc names {part}, "
						     "which is no member")

	def unknown(self, text):
		"""What a text names of the header, and the header does not have."""
		constants = {item.name for item in self.items if item.kind in ("call", "constant")}
		constants |= {member.name for item in self.of("enum") for member in item.members}
		for kind, part in tokens(text):
			if kind == "constant" and part.startswith("KEEL_"):
				known = any(name.startswith(part[:-1]) for name in constants) if part.endswith("*") else \
					part in constants
			elif kind == "field":
				struct, _, member = part[1:].removeprefix("struct ").partition(".")
				item = self.find(struct)
				known = item and (not member or member in [m.name for m in item.members])
			elif kind in ("type", "code"):
				known = self.find(re.search(r"keel_\w+", part)[0])
			else:
				known = True
			if not known:
				yield part

	def layout_source(self, line):
		"""A C program's lines, made by line(what, expression) for all numbers of the header."""
		out = []
		for item in self.items:
			if item.kind in ("call", "constant"):
				out.append(line(item.name, item.name))
			elif item.kind == "enum":
				out += [line(member.name, member.name) for member in item.members]
			elif item.kind == "struct":
				out.append(line(item.name, f"sizeof(struct {item.name})"))
				for member in item.members:
					path = f"{item.name}.{member.name}"
					out.append(line(path + "+", f"offsetof(struct {item.name}, {member.name})"))
					out.append(line(path, f"sizeof(((struct {item.name} *)0)->{member.name})"))
		return out

	def compile(self, source, *flags):
		"""Compile and, with an output file in @flags, link."""
		include = os.path.dirname(os.path.dirname(self.path))
		compiler = os.environ.get("CC", "cc")
		if not shutil.which(compiler):
			sys.exit(f"{compiler}: not found: install gcc, or say with CC= which compiler there is")
		source = "#include <stddef.h>\n#include <stdio.h>\n#include <linux/keel.h>\n" + source
		subprocess.run([compiler, "-I" + include, "-x", "c", *flags, "-"],
			       input=source.encode(), check=True)

	def measure(self):
		"""Ask the compiler for values, sizes and offsets."""
		lines = self.layout_source(lambda what, number:
			f'\tprintf("%s %llu\\n", "{what}", (unsigned long long)({number}));')
		source = "int main(void)\n{\n" + "\n".join(lines) + "\n\treturn 0;\n}\n"
		with tempfile.TemporaryDirectory() as folder:
			self.compile(source, "-o", f"{folder}/measure")
			out = subprocess.run([f"{folder}/measure"], check=True, stdout=subprocess.PIPE).stdout
		numbers = {}
		for line in out.decode().splitlines():
			what, number = line.split()
			numbers[what] = int(number)
		for item in self.items:
			if item.kind in ("call", "constant"):
				item.value = numbers[item.name]
			elif item.kind == "struct":
				item.size = numbers[item.name]
			for member in item.members:
				path = f"{item.name}.{member.name}" if item.kind == "struct" else member.name
				member.size = numbers[path]
				member.offset = numbers.get(path + "+")
		return numbers


# What a renderer treats in a way of its own; the rest is text.
TOKENS = re.compile(r"""
	(?P<code>sizeof\(struct\ keel_\w+\)) |
	(?P<type>(?:struct|enum)\ keel_\w+(?:\[@\w+\])?) |
	(?P<field>&(?:struct\ )?keel_\w+(?:\.\w+)?) |
	(?P<param>@\w+(?:\.\w+)?) |
	(?P<errno>(?<!\w)-E(?:[A-Z]\w+|2BIG)\b) |
	(?P<function>\b[a-z]\w+\(\)) |
	(?P<path>/(?:dev|sys|proc)/[\w/]*\w) |
	(?P<constant>\b(?:KEEL|CAP)_\w+\*?)
""", re.X)


def tokens(text):
	"""(kind, text) of all parts of a text; kind is a group of TOKENS, or text."""
	at = 0
	for match in TOKENS.finditer(text):
		if match.start() > at:
			yield "text", text[at:match.start()]
		yield match.lastgroup, match[0]
		at = match.end()
	if at < len(text):
		yield "text", text[at:]

#include "spawner/environment.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/unique_fd.h"

namespace flux_ensemble::spawner {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Utf8Range {
  int more = 0;
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
};

// The number of bytes after the first one of a sequence, and the range of the second byte. -1 for a
// byte that cannot begin a sequence.
Utf8Range AfterFirst(unsigned char first) {
  if (first < 0x80) return {0};
  if (first < 0xC2 || first > 0xF4) return {-1};
  if (first < 0xE0) return {1};
  if (first == 0xE0) return {2, 0xA0, 0xBF};
  if (first == 0xED) return {2, 0x80, 0x9F};
  if (first < 0xF0) return {2};
  if (first == 0xF0) return {3, 0x90, 0xBF};
  if (first == 0xF4) return {3, 0x80, 0x8F};
  return {3};
}

// Bytes of the sequence that begins at `position`: valid as a whole, or the part of an invalid one
// that decoders replace.
std::size_t SequenceLength(std::string_view bytes, std::size_t position, bool* valid) {
  Utf8Range next = AfterFirst(static_cast<unsigned char>(bytes[position]));
  std::size_t length = 1;
  while (next.more > 0 && position + length < bytes.size()) {
    const auto byte = static_cast<unsigned char>(bytes[position + length]);
    if (byte < next.least || byte > next.most) break;
    next = {next.more - 1};
    length++;
  }
  *valid = next.more == 0;
  return length;
}

// The environment that a process was started with, from the kernel. Empty without permission to
// read it.
std::string InitialEnvironment(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/environ";
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char piece[16384];
  while (file.valid()) {
    const ssize_t got = read(file.get(), piece, sizeof piece);
    if (got <= 0) break;
    text.append(piece, static_cast<std::size_t>(got));
  }
  return text;
}

// Node passes on variables whose name is not empty and is UTF-8.
bool NodePasses(std::string_view entry) {
  const std::string_view name = entry.substr(0, entry.find('='));
  return !name.empty() && name.size() < entry.size() && ReplaceInvalidUtf8(name) == name;
}

}  // namespace

std::string ReplaceInvalidUtf8(std::string_view bytes) {
  std::string text;
  for (std::size_t position = 0; position < bytes.size();) {
    bool valid = false;
    const std::size_t length = SequenceLength(bytes, position, &valid);
    text.append(valid ? bytes.substr(position, length) : kReplacement);
    position += length;
  }
  return text;
}

void RestoreEnvironment() {
  // The strings of `environ` must live as long as the process.
  static const std::string initial = InitialEnvironment(getppid());
  static std::vector<char*> restored;
  for (char** entry = environ; *entry != nullptr; ++entry) restored.push_back(*entry);
  for (std::size_t begin = 0; begin < initial.size();) {
    const std::size_t end = std::min(initial.find('\0', begin), initial.size());
    const std::string_view entry(initial.data() + begin, end - begin);
    begin = end + 1;
    if (entry.empty()) continue;
    char* bytes = const_cast<char*>(entry.data());  // a NUL follows: a string ends with one
    if (!NodePasses(entry)) {
      restored.push_back(bytes);
      continue;
    }
    const std::string text = ReplaceInvalidUtf8(entry);
    if (text == entry) continue;
    for (char*& passed : restored) {
      if (text == passed) passed = bytes;
    }
  }
  restored.push_back(nullptr);
  environ = restored.data();
}

}  // namespace flux_ensemble::spawner

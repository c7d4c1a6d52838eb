#include "log/segment_files.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string_view>

namespace flux_ensemble::log {

namespace {

constexpr std::string_view kSuffix = ".segment";

// 0 for the name of another file.
std::uint64_t NumberOf(std::string_view name, std::string_view suffix) {
  std::uint64_t number = 0;
  // A number that is too large leaves 0.
  std::from_chars(name.data(), name.data() + name.size(), number);
  return name == NumberedName(number, suffix) ? number : 0;
}

}  // namespace

std::string SegmentName(std::uint64_t number) {
  return NumberedName(number, kSuffix);
}

int ListSegments(const std::string& folder, std::vector<std::uint64_t>* numbers) {
  return ListNumbered(folder, kSuffix, numbers);
}

std::string NumberedName(std::uint64_t number, std::string_view suffix) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%08llu", static_cast<unsigned long long>(number));
  return digits + std::string(suffix);
}

int ListNumbered(const std::string& folder, std::string_view suffix,
                 std::vector<std::uint64_t>* numbers) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(folder.c_str()), closedir);
  if (stream == nullptr) return errno;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    if (const std::uint64_t number = NumberOf(entry->d_name, suffix); number > 0) {
      numbers->push_back(number);
    }
  }
  const int error = errno;
  std::sort(numbers->begin(), numbers->end());
  return error;
}

}  // namespace flux_ensemble::log

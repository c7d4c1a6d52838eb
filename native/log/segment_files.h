// Names of segments, and of other numbered files, in the folder of a log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flux_ensemble::log {

// An empty file of the folder. A log that ends before its run does renames it to the second name,
// which needs no room on the disk. Its time of change is then the end of the log. The names have
// one length, so the entry of the folder stays in its place.
inline constexpr std::string_view kSpareMark = "going";
inline constexpr std::string_view kEndMark = "ended";

// The file name of the segment with this number.
std::string SegmentName(std::uint64_t number);

// Finds the numbers of the segments in a folder, lowest first. Other files are ignored. Returns 0
// or an errno.
int ListSegments(const std::string& folder, std::vector<std::uint64_t>* numbers);

// The same for files with another suffix.
std::string NumberedName(std::uint64_t number, std::string_view suffix);
int ListNumbered(const std::string& folder, std::string_view suffix,
                 std::vector<std::uint64_t>* numbers);

}  // namespace flux_ensemble::log

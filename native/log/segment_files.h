// Names of segments in the folder of a log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flux_ensemble::log {

// The file name of the segment with this number.
std::string SegmentName(std::uint64_t number);

// Finds the numbers of the segments in a folder, lowest first. Other files are ignored. Returns 0
// or an errno.
int ListSegments(const std::string& folder, std::vector<std::uint64_t>* numbers);

}  // namespace flux_ensemble::log

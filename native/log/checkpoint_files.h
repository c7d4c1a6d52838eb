// Files beside the segments of a log that stand for segments: a checkpoint has the state after all
// segments up to its number, and a file of jobs has the jobs that ended before it.
//
// Layout: magic (8 bytes), format version (4), CRC-32C of the payload (4), size of the payload (8),
// payload. Numbers have their lowest byte first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flux_ensemble::log {

enum class StateFile : std::uint8_t { kCheckpoint, kJobs };

std::string StateFileName(StateFile kind, std::uint64_t number);

// The numbers of the files of a kind in the folder, lowest first. Returns 0 or an errno.
int ListStateFiles(const std::string& folder, StateFile kind, std::vector<std::uint64_t>* numbers);

// The payload of a file; empty when it is missing, damaged or of another format version.
std::optional<std::string> ReadStateFile(const std::string& folder, StateFile kind,
                                         std::uint64_t number);

// Writes the file, or replaces it. It is whole and on the disk when this returns 0, else an errno.
int WriteStateFile(const std::string& folder, StateFile kind, std::uint64_t number,
                   std::string_view payload);

void RemoveStateFile(const std::string& folder, StateFile kind, std::uint64_t number);

}  // namespace flux_ensemble::log

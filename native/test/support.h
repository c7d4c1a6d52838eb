// What the native tests share: fixtures, and records that outlive the decoder's views.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "journal/decoder.h"

namespace flux_ensemble::test {

// A file of test/fixtures. A missing one ends the test run.
std::string ReadFixture(const std::string& name);

std::vector<std::string_view> Lines(std::string_view text);

struct OwnedEvent {
  double timestamp = 0;
  journal::EventKind kind = journal::EventKind::kOther;
  journal::ExceptionType exception_type = journal::ExceptionType::kOther;
  int severity = 0;
  int status = 0;
  std::string name;
  std::string context;

  bool operator==(const OwnedEvent&) const = default;
};

struct OwnedRecord {
  journal::JobId id = 0;
  bool sentinel = false;
  std::vector<OwnedEvent> events;
  bool has_membership = false;
  std::optional<std::string> group;
  std::optional<std::string> ensemble;

  bool operator==(const OwnedRecord&) const = default;
};

// Keeps a copy of everything that a decoder tells.
class Recorder final : public journal::RecordSink {
 public:
  void OnRecord(const journal::Record& record) override;
  void OnDecodeError(const journal::DecodeError& error) override { errors.push_back(error); }

  std::vector<OwnedRecord> records;
  std::vector<journal::DecodeError> errors;
};

// Calls `feed` with the pieces of `bytes`, each in memory of its own that ends right behind its
// padding, so that AddressSanitizer sees a read beyond. Piece i has sizes[i % sizes.size()] bytes.
template <typename Feed>
void InPieces(std::string_view bytes, std::span<const std::size_t> sizes, Feed feed) {
  for (std::size_t i = 0; !bytes.empty(); ++i) {
    const std::string_view piece = bytes.substr(0, sizes[i % sizes.size()]);
    bytes.remove_prefix(piece.size());
    std::vector<char> memory(piece.size() + journal::kPadding, '}');
    piece.copy(memory.data(), piece.size());
    feed(std::string_view(memory.data(), piece.size()));
  }
}

// All of a stream, in pieces of these sizes; in one piece without them.
Recorder Decode(std::string_view bytes, std::span<const std::size_t> sizes = {});

// The only record of a text that must be free of errors.
OwnedRecord DecodeOne(std::string_view text);

}  // namespace flux_ensemble::test

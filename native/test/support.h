// Fixtures and pieces of streams, shared by the native tests.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "journal/decoder.h"
#include "test/recorder.h"

namespace flux_ensemble::test {

// A file of test/fixtures. A missing one ends the test run.
std::string ReadFixture(const std::string& name);

std::vector<std::string_view> Lines(std::string_view text);

// Calls `feed` with the pieces of `bytes`, each in memory of its own that ends with its padding, so
// that AddressSanitizer reports a read beyond. Piece i has sizes[i % sizes.size()] bytes.
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

// A whole stream in pieces of these sizes; in one piece without sizes.
Recorder Decode(std::string_view bytes, std::span<const std::size_t> sizes = {});

// The only record of a text that must be free of errors.
OwnedRecord DecodeOne(std::string_view text);

}  // namespace flux_ensemble::test

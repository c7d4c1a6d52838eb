#include "test/support.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace flux_ensemble::test {

std::string ReadFixture(const std::string& name) {
  const std::string path = std::string(FLUX_ENSEMBLE_FIXTURES) + "/" + name;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::abort();
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

Recorder Decode(std::string_view bytes, std::span<const std::size_t> sizes) {
  const std::size_t all[] = {bytes.size()};
  Recorder recorder;
  journal::Decoder decoder;
  InPieces(bytes, sizes.empty() ? std::span<const std::size_t>(all) : sizes,
           [&](std::string_view piece) { decoder.Feed(piece, recorder); });
  decoder.Finish(recorder);
  return recorder;
}

OwnedRecord DecodeOne(std::string_view text) {
  Recorder recorder = Decode(text);
  const std::string reason = recorder.errors.empty() ? "" : recorder.errors[0].reason;
  CAPTURE(text);
  CAPTURE(reason);
  REQUIRE(recorder.errors.empty());
  REQUIRE(recorder.records.size() == 1);
  return recorder.records[0];
}

}  // namespace flux_ensemble::test

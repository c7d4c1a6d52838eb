// The checksum of the run log.
#include "log/crc32c.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>

namespace flux_ensemble::log {

namespace {

std::string Repeated(int count, int first, int step) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(first + i * step);
  return bytes;
}

std::string RandomBytes(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes;
  while (bytes.size() < size) bytes += static_cast<char>(random());
  return bytes;
}

}  // namespace

TEST_CASE("checksums are those of RFC 3720 B.4") {
  const std::string read_command(
      "\x01\xc0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
      "\x14\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x14\x00\x00\x00\x18"
      "\x28\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00",
      48);
  for (const auto compute : {Crc32c, Crc32cByTables}) {
    CHECK(compute(Repeated(32, 0, 0), 0) == 0x8a9136aa);
    CHECK(compute(Repeated(32, 0xff, 0), 0) == 0x62a8ab43);
    CHECK(compute(Repeated(32, 0, 1), 0) == 0x46dd794e);
    CHECK(compute(Repeated(32, 31, -1), 0) == 0x113fdb5c);
    CHECK(compute(read_command, 0) == 0xd9963a56);
    CHECK(compute("123456789", 0) == 0xe3069283);
    CHECK(compute("", 0) == 0);
  }
}

TEST_CASE("the CPU's instruction and the tables give the same checksum at any size and place") {
  const std::string bytes = RandomBytes(300);
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t size = 0; from + size <= bytes.size(); ++size) {
      const std::string_view part = std::string_view(bytes).substr(from, size);
      REQUIRE(Crc32c(part) == Crc32cByTables(part));
    }
  }
}

TEST_CASE("a checksum continues, and that of an end is known without its bytes") {
  const std::string bytes = RandomBytes(70'000);
  const std::uint32_t whole = Crc32c(bytes);
  for (const std::size_t size : {0, 1, 7, 1023, 1024, 1025, 65'536, 69'999, 70'000}) {
    const std::string_view start = std::string_view(bytes).substr(0, bytes.size() - size);
    const std::string_view end = std::string_view(bytes).substr(bytes.size() - size);
    CHECK(Crc32c(end, Crc32c(start)) == whole);
    CHECK(Crc32cByTables(end, Crc32cByTables(start)) == whole);
    CHECK(Crc32cOfEnd(whole, Crc32c(start), static_cast<std::uint32_t>(size)) == Crc32c(end));
  }
}

TEST_CASE("the end may have the greatest size") {
  const std::string bytes = RandomBytes(kMaxCrcEnd + 1);
  const std::string_view end = std::string_view(bytes).substr(1);
  CHECK(Crc32cOfEnd(Crc32c(bytes), Crc32c(bytes.substr(0, 1)), kMaxCrcEnd) == Crc32c(end));
}

}  // namespace flux_ensemble::log

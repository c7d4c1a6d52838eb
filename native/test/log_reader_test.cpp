// The reader of the run log, with damaged logs.
#include "log/reader.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "log/crc32c.h"
#include "log/frame.h"
#include "log/little_endian.h"
#include "log/writer.h"
#include "test/log_folder.h"
#include "test/support.h"

namespace flux_ensemble::log {

namespace {

using test::ExpectedSegment;
using test::ExpectSegment;
using test::LogContent;
using test::LogFolder;
using test::LogFrame;
using test::ReadContent;
using Texts = std::vector<std::string>;

// A segment with these payloads.
std::string Segment(const Texts& payloads, SegmentHeader header = {.epoch = 1, .number = 1}) {
  const auto head = EncodeHeader(header);
  std::string bytes(head.begin(), head.end());
  for (const std::string& payload : payloads) {
    const std::size_t at = bytes.size();
    bytes.resize(at + kFrameHeaderSize + payload.size());
    EncodeFrame(1, payload, bytes.data() + at);
  }
  return bytes;
}

LogContent ReadBytes(std::string_view bytes) {
  const LogFolder folder;
  folder.SetBytes(1, bytes);
  return ReadContent(folder.path());
}

// The reader finds what the simple one finds.
void CheckBytes(std::string_view bytes) {
  const LogContent content = ReadBytes(bytes);
  const ExpectedSegment expected = ExpectSegment(1, bytes);
  REQUIRE(content.frames == expected.frames);
  REQUIRE(content.report.frames == expected.frames.size());
  REQUIRE(content.report.lost_bytes == expected.lost_bytes);
  REQUIRE(content.report.damaged_places == expected.damaged_places);
  REQUIRE(content.report.torn_bytes == expected.torn_bytes);
  REQUIRE(content.report.first_damage.empty() == (expected.damaged_places == 0));
  REQUIRE(content.losses.size() == expected.damaged_places);
  REQUIRE(content.report.bytes == bytes.size());
}

const Texts small{"first", "", "the third one", "4"};

}  // namespace

TEST_CASE("a folder that can't be read is an error, an empty one has no frames") {
  const LogFolder folder;
  CHECK(ReadContent(folder.path()).report.error == ENOENT);
  REQUIRE(mkdir(folder.path().c_str(), 0700) == 0);
  const LogContent content = ReadContent(folder.path());
  CHECK(content.report.error == 0);
  CHECK(content.report.segments == 0);
  CHECK(content.frames.empty());
}

TEST_CASE("a log that is cut anywhere has the frames before, and counts a torn rest") {
  const std::string bytes = Segment(small);
  const LogContent whole = ReadBytes(bytes);
  REQUIRE(whole.frames.size() == small.size());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const LogContent content = ReadBytes(bytes.substr(0, size));
    std::size_t end = size < kHeaderSize ? 0 : kHeaderSize;
    std::size_t frames = 0;
    for (const LogFrame& frame : whole.frames) {
      const std::size_t frame_end = frame.offset + kFrameHeaderSize + frame.payload.size();
      if (frame_end > size) break;
      end = frame_end;
      ++frames;
    }
    REQUIRE(content.frames ==
            std::vector(whole.frames.begin(), whole.frames.begin() + static_cast<long>(frames)));
    REQUIRE(content.report.torn_bytes == size - end);
    REQUIRE(content.report.lost_bytes == 0);
    REQUIRE(content.losses.empty());
  }
}

TEST_CASE("a flipped bit loses the frame that it is in, and no other") {
  const std::string bytes = Segment(small);
  const LogContent whole = ReadBytes(bytes);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    CheckBytes(flipped);
    std::vector<LogFrame> expected;
    std::size_t lost = kHeaderSize;  // until a frame has the bit
    for (const LogFrame& frame : whole.frames) {
      const std::size_t size = kFrameHeaderSize + frame.payload.size();
      if (bit / 8 >= frame.offset && bit / 8 < frame.offset + size) {
        lost = size;
      } else {
        expected.push_back(frame);
        if (bit / 8 < kHeaderSize) expected.back().epoch = 0;
      }
    }
    const LogContent content = ReadBytes(flipped);
    REQUIRE(content.frames == expected);
    // A damaged size of the last frame may reach beyond the end, as a torn frame does.
    REQUIRE(content.report.lost_bytes + content.report.torn_bytes == lost);
  }
}

TEST_CASE("zeroed blocks lose the frames in them, and no other") {
  Texts payloads;
  for (int i = 0; i < 1000; ++i) payloads.push_back("frame " + std::to_string(i));
  const std::string bytes = Segment(payloads);
  const std::size_t frames = ReadBytes(bytes).frames.size();
  for (const std::size_t from : {std::size_t{0}, std::size_t{4096}, std::size_t{12'288}}) {
    std::string zeroed = bytes;
    zeroed.replace(from, 4096, 4096, '\0');
    CheckBytes(zeroed);
    const LogContent content = ReadBytes(zeroed);
    CHECK(content.report.damaged_places == 1);
    CHECK(content.report.lost_bytes >= 4096);
    CHECK(content.report.lost_bytes < 4096 + 50);
    CHECK(content.frames.size() > frames - 4096 / 19);
    CHECK(content.frames.back().payload == "frame 999");
  }
  // At the end as well: these frames were with the kernel.
  const LogContent content = ReadBytes(bytes + std::string(5000, '\0'));
  CHECK(content.frames.size() == frames);
  CHECK(content.report.lost_bytes == 5000);
  CHECK(content.report.torn_bytes == 0);
}

TEST_CASE("words name the first damage") {
  std::string bytes = Segment(small);
  bytes[kHeaderSize + kFrameHeaderSize] ^= 1;  // in "first"
  bytes[bytes.size() - 1] ^= 1;
  const LogFolder folder;
  folder.SetBytes(1, bytes);
  const LogContent content = ReadContent(folder.path());
  CHECK(content.report.first_damage ==
        folder.PathOf(1) + ": byte 36: 18 bytes are lost: the checksum of a frame is wrong");
  CHECK(content.report.damaged_places == 2);
  CHECK(content.losses == std::vector<std::size_t>{0, 2});
  CHECK(content.payloads() == Texts{"", "the third one"});
}

TEST_CASE("each kind of damage has its words") {
  const auto words = [](std::string bytes) {
    const LogFolder folder;
    folder.SetBytes(1, bytes);
    const std::string text = ReadContent(folder.path()).report.first_damage;
    return text.substr(text.rfind(": ") + 2);
  };
  std::string bytes = Segment(small);
  bytes[0] ^= 1;
  CHECK(words(bytes) == "the segment's header is damaged");
  bytes = Segment(small);
  bytes[kHeaderSize] ^= 1;
  CHECK(words(bytes) == "no frame begins here");
  bytes = Segment(small);
  bytes[kHeaderSize + 11] = 1;
  CHECK(words(bytes) == "the size of a frame is above the limit");
  bytes = Segment(small);
  bytes[kHeaderSize + 9] = 1;
  CHECK(words(bytes) == "a frame is cut off");
  CHECK(words(Segment(small, {.version = 7, .epoch = 1, .number = 1})) ==
        "format version 7 is unknown, known is 1");
}

TEST_CASE("a segment of an unknown format version is lost as a whole, and the next is read") {
  const LogFolder folder;
  const std::string unknown = Segment({"a"}, {.version = 2, .epoch = 1, .number = 1});
  folder.SetBytes(1, unknown);
  folder.SetBytes(2, Segment({"b"}, {.epoch = 2, .number = 2, .previous_size = unknown.size()}));
  const LogContent content = ReadContent(folder.path());
  CHECK(content.payloads() == Texts{"b"});
  CHECK(content.report.lost_bytes == unknown.size());
  CHECK(content.report.damaged_places == 1);
  CHECK(content.losses == std::vector<std::size_t>{0});
}

TEST_CASE("missing segments are counted") {
  const LogFolder folder;
  for (std::uint64_t number = 3; number <= 9; ++number) {
    folder.SetBytes(number, Segment({std::to_string(number)},
                                    {.epoch = 1, .number = number, .previous_size = 50}));
  }
  folder.Remove(5);
  folder.Remove(6);
  folder.Remove(8);
  const LogContent content = ReadContent(folder.path());
  CHECK(content.payloads() == Texts{"3", "4", "7", "9"});
  CHECK(content.report.missing_segments == 5);
  CHECK(content.report.segments == 4);
  // The sizes of 2, 6 and 8 are known from the headers of the next ones.
  CHECK(content.report.lost_bytes == 150);
  CHECK(content.report.damaged_places == 0);
  CHECK(content.losses == std::vector<std::size_t>{0, 2, 3});
  CHECK(content.report.first_damage == folder.PathOf(1) + ": the segment is missing");
  // Those up to 3 are known from elsewhere, and those after 7 are not wanted.
  const LogContent part = ReadContent(folder.path(), {.after = 3, .through = 7});
  CHECK(part.payloads() == Texts{"4", "7"});
  CHECK(part.report.missing_segments == 2);
  CHECK(part.report.first_damage == folder.PathOf(5) + ": the segment is missing");
}

TEST_CASE("a torn frame is torn at the end of an epoch, and lost in the middle of one") {
  const std::string torn = Segment(small).substr(0, Segment(small).size() - 3);
  const auto read = [&](const SegmentHeader& next) {
    const LogFolder folder;
    folder.SetBytes(1, torn);
    folder.SetBytes(2, Segment({"next"}, next));
    LogContent content = ReadContent(folder.path());
    CHECK(content.payloads() == Texts{"first", "", "the third one", "next"});
    return content;
  };
  const LogContent other_epoch = read({.epoch = 2, .number = 2, .previous_size = torn.size()});
  CHECK(other_epoch.report.torn_bytes == 11);
  CHECK(other_epoch.report.lost_bytes == 0);
  CHECK(other_epoch.losses.empty());

  const LogContent same_epoch = read({.epoch = 1, .number = 2, .previous_size = torn.size()});
  CHECK(same_epoch.report.torn_bytes == 0);
  CHECK(same_epoch.report.lost_bytes == 11);
  CHECK(same_epoch.losses == std::vector<std::size_t>{3});

  // The second process had found ten bytes more.
  const LogContent cut = read({.epoch = 2, .number = 2, .previous_size = torn.size() + 10});
  CHECK(cut.report.torn_bytes == 0);
  CHECK(cut.report.lost_bytes == 21);
  CHECK(cut.report.damaged_places == 1);
}

TEST_CASE("a segment that is cut between two frames is noticed") {
  const std::string bytes = Segment(small);
  const LogFolder folder;
  folder.SetBytes(1, bytes.substr(0, bytes.size() - 14));
  folder.SetBytes(2, Segment({"next"}, {.epoch = 1, .number = 2, .previous_size = bytes.size()}));
  const LogContent content = ReadContent(folder.path());
  CHECK(content.report.lost_bytes == 14);
  CHECK(content.report.first_damage.ends_with("14 bytes are lost: the segment is cut off"));
  CHECK(content.losses == std::vector<std::size_t>{3});
}

TEST_CASE("a segment under the name of another one keeps its frames") {
  const LogFolder folder;
  folder.SetBytes(4, Segment(small));
  const LogContent content = ReadContent(folder.path());
  CHECK(content.payloads() == small);
  CHECK(content.report.lost_bytes == kHeaderSize);
}

TEST_CASE("segments that can't be read count as missing, and block nothing") {
  const LogFolder folder;
  folder.SetBytes(1, Segment({"a"}));
  REQUIRE(mkfifo(folder.PathOf(2).c_str(), 0600) == 0);
  REQUIRE(mkdir(folder.PathOf(3).c_str(), 0700) == 0);
  REQUIRE(symlink("nowhere", folder.PathOf(4).c_str()) == 0);
  folder.SetBytes(5, Segment({"b"}, {.epoch = 1, .number = 5}));
  REQUIRE(mkdir(folder.PathOf(6).c_str(), 0700) == 0);
  const LogContent content = ReadContent(folder.path());
  CHECK(content.payloads() == Texts{"a", "b"});
  CHECK(content.report.missing_segments == 4);
  CHECK(content.report.first_damage ==
        folder.PathOf(2) + ": the segment cannot be read: not a file");
}

TEST_CASE("a failed read ends its segment, and the next is read") {
  const LogFolder folder;
  folder.SetBytes(2, Segment({"b"}, {.epoch = 1, .number = 2}));
  // No process has memory at address 0.
  REQUIRE(symlink("/proc/self/mem", folder.PathOf(1).c_str()) == 0);
  const LogContent content = ReadContent(folder.path());
  CHECK(content.payloads() == Texts{"b"});
  CHECK(content.report.first_damage ==
        folder.PathOf(1) + ": byte 0: 0 bytes are lost: reading failed: Input/output error");
}

TEST_CASE("frames inside of the payload of a whole frame don't count, those of a damaged one do") {
  const std::string inner = Segment({"inner"}).substr(kHeaderSize);
  std::string bytes = Segment({"x" + inner + "y", "after"});
  CHECK(ReadBytes(bytes).payloads() == Texts{"x" + inner + "y", "after"});
  bytes[kHeaderSize + kFrameHeaderSize] = 'z';
  CHECK(ReadBytes(bytes).payloads() == Texts{"inner", "after"});
}

TEST_CASE("random damage of random logs is read as by the simple reader") {
  std::mt19937_64 random(20261126);
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  for (int round = 0; round < 400; ++round) {
    Texts payloads;
    for (std::size_t i = below(40); i > 0; --i) {
      std::string payload;
      for (std::size_t size = below(round % 4 == 0 ? 900 : 60); payload.size() < size;) {
        // Payloads with parts of frames in them.
        if (below(8) == 0) {
          payload += Segment({std::string(below(5), 'i')}).substr(kHeaderSize, below(20));
        } else {
          payload += static_cast<char>(random());
        }
      }
      payloads.push_back(payload);
    }
    std::string bytes = Segment(payloads);
    for (std::size_t i = below(6); i > 0 && !bytes.empty(); --i) {
      const std::size_t at = below(bytes.size());
      switch (below(6)) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.resize(at);
          break;
        case 2:
          bytes.erase(at, below(50));
          break;
        case 3:
          bytes.insert(at, bytes.substr(below(bytes.size()), below(200)));
          break;
        case 4:
          std::fill_n(bytes.begin() + static_cast<long>(at), std::min(bytes.size() - at, below(64)),
                      '\0');
          break;
        default:
          bytes.insert(at, kMarker.substr(0, 1 + below(4)));
      }
    }
    CheckBytes(bytes);
  }
}

TEST_CASE("frames after megabytes of damage are found") {
  const std::string large(kMaxPayload, 'x');
  std::string bytes = Segment({large, large, "small", large, "last"});
  std::string garbage;
  std::mt19937 random(3);
  while (garbage.size() < 5'000'000) garbage += static_cast<char>(random());
  bytes.insert(kHeaderSize + kFrameHeaderSize + kMaxPayload - 2, garbage);
  const LogContent content = ReadBytes(bytes);
  CHECK(content.payloads() == Texts{large, "small", large, "last"});
  CHECK(content.report.lost_bytes == kMaxFrame + garbage.size());
}

TEST_CASE("a frame after damage is found at any place of the blocks that are read") {
  const std::string frame = Segment({"after"}).substr(kHeaderSize);
  for (std::size_t block = 4096; block <= std::size_t{4} << 20; block *= 2) {
    for (std::size_t before = 0; before < 20; ++before) {
      std::string bytes = Segment({});
      bytes.resize(block - before, 'x');
      const LogContent content = ReadBytes(bytes + frame);
      REQUIRE(content.payloads() == Texts{"after"});
      REQUIRE(content.report.lost_bytes == block - before - kHeaderSize);
    }
  }
}

TEST_CASE("damaged places that are far apart lose one frame each") {
  Texts payloads;
  for (int i = 0; i < 12'000; ++i) {
    payloads.push_back(std::to_string(i) + std::string(1000, '.'));
  }
  std::string bytes = Segment(payloads);
  const std::vector<LogFrame> frames = ReadBytes(bytes).frames;
  for (const std::size_t damaged : {10, 11, 6000, 11'000})
    bytes[frames[damaged].offset + 100] = '!';
  const LogContent content = ReadBytes(bytes);
  CHECK(content.losses == std::vector<std::size_t>{10, 5998, 10'997});
  CHECK(content.frames.size() == frames.size() - 4);
}

// Takes many minutes when each frame that may begin is hashed in full, else about a second.
TEST_CASE("files full of markers with large sizes are read in linear time" *
          doctest::timeout(120)) {
  const auto frame_head = [](std::uint32_t size) {
    std::string head(kMarker);
    head.resize(kFrameHeaderSize);
    StoreLittle(size, head.data() + kCheckedFrom);
    return head;
  };
  const std::string whole = Segment({"ok"}).substr(kHeaderSize);
  std::string bytes = Segment({});
  std::string with_frames = Segment({});
  std::size_t frames = 0;
  while (bytes.size() < 20'000'000) bytes += frame_head(kMaxPayload - bytes.size() % 1000);
  for (; with_frames.size() < 20'000'000; ++frames) {
    with_frames += frame_head(kMaxPayload) + whole;
  }
  const LogContent none = ReadBytes(bytes);
  CHECK(none.frames.empty());
  CHECK(none.report.damaged_places == 1);
  const LogContent some = ReadBytes(with_frames);
  CHECK(some.frames.size() == frames);
  CHECK(some.report.damaged_places == frames);
}

TEST_CASE("a log of format version 1 reads for ever") {
  const LogContent content = ReadContent(std::string(FLUX_ENSEMBLE_FIXTURES) + "/log/v1");
  CHECK(content.frames == std::vector<LogFrame>{
                              {1, 1, 36, 1, "first"},
                              {1, 1, 54, 0, ""},
                              {2, 1, 36, 255, std::string("\0\xff\xf5\x6a\xc3\x9d", 6)},
                              {3, 2, 36, 2, std::string(300, 'x')},
                          });
  CHECK(content.report.torn_bytes == 7);
  CHECK(content.report.lost_bytes == 0);
}

}  // namespace flux_ensemble::log

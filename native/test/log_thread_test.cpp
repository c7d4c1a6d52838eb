// The reader of the run log beside its writer.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "log/reader.h"
#include "log/writer.h"
#include "test/log_folder.h"

namespace flux_ensemble::log {

namespace {

using test::LogContent;
using test::LogFolder;
using test::ReadContent;

}  // namespace

TEST_CASE("a reader finds all that was flushed, while a writer goes on") {
  constexpr int kFrames = 4000;
  const LogFolder folder;
  std::atomic<int> flushed = 0;
  Writer writer(folder.path(),
                {.segment_size = 20'000, .sync_interval = std::chrono::milliseconds(1)});
  std::thread thread([&] {
    for (int i = 0; i < kFrames; ++i) {
      writer.Append(1, std::to_string(i) + std::string(static_cast<std::size_t>(i % 50), '.'));
      if (i % 7 != 0) continue;
      writer.Flush();
      flushed = i + 1;
    }
    writer.SyncNow();
    flushed = kFrames;
  });
  bool ended = false;
  while (!ended) {
    const int before = flushed;
    ended = before == kFrames;
    const LogContent content = ReadContent(folder.path());
    const int frames = static_cast<int>(content.frames.size());
    CHECK(frames >= before);
    CHECK(content.report.lost_bytes == 0);
    CHECK(content.report.missing_segments == 0);
    CHECK(content.losses.empty());
    if (frames > 0) {
      CHECK(std::stoi(content.frames.back().payload) == frames - 1);
    }
  }
  thread.join();
  CHECK_FALSE(writer.failed());
}

TEST_CASE("written frames reach the disk without a call") {
  const LogFolder folder;
  Syncer syncer(std::chrono::milliseconds(1));
  REQUIRE(syncer.Start() == 0);
  // A descriptor that cannot be synced: its error tells that the thread tried.
  const auto invalid = std::make_shared<const UniqueFd>(-1);
  CHECK(syncer.error() == 0);
  syncer.Changed(invalid);
  while (syncer.error() == 0) std::this_thread::yield();
  CHECK(syncer.error() == EBADF);
}

}  // namespace flux_ensemble::log

// The reader of the run log beside its writer.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "log/reader.h"
#include "log/syncer.h"
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

TEST_CASE("changes reach the disk without a call, also after others") {
  const LogFolder folder;
  const Writer writer(folder.path());
  Syncer syncer(std::chrono::milliseconds(0));
  REQUIRE(syncer.Start() == 0);
  for (int i = 0; i < 200; ++i) {
    const auto file = std::make_shared<const UniqueFd>(open(folder.PathOf(1).c_str(), O_WRONLY));
    syncer.Changed(file);
    // The syncer needs the file no more.
    while (file.use_count() > 1) std::this_thread::yield();
  }
  CHECK(syncer.error() == 0);
  syncer.Changed(std::make_shared<const UniqueFd>(-1));
  while (syncer.error() == 0) std::this_thread::yield();
  CHECK(syncer.error() == EBADF);
}

TEST_CASE("the lag is the age of the oldest change that is not on the disk") {
  const LogFolder folder;
  const Writer writer(folder.path());
  // Without its thread, a syncer waits for calls.
  Syncer syncer(std::chrono::milliseconds(0));
  CHECK(syncer.Lag().count() == 0);
  const auto file = std::make_shared<const UniqueFd>(open(folder.PathOf(1).c_str(), O_WRONLY));
  syncer.Changed(file);
  while (syncer.Lag().count() == 0) std::this_thread::yield();
  const auto before = syncer.Lag();
  syncer.Changed(std::make_shared<const UniqueFd>(dup(file->get())));
  CHECK(syncer.Lag() >= before);
  CHECK(syncer.SyncNow() == 0);
  CHECK(syncer.Lag().count() == 0);
}

}  // namespace flux_ensemble::log

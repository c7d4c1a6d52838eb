// Brings written files to the disk on a thread of its own, so that a writer never waits for it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/thread.h"
#include "base/unique_fd.h"

namespace flux_ensemble::log {

class Syncer {
 public:
  using File = std::shared_ptr<const UniqueFd>;
  enum class Kind { kFile, kFolder };

  // Files are synced at most once in this time.
  explicit Syncer(std::chrono::milliseconds interval) : interval_(interval) {}
  // Does not wait for changes that are not synced.
  ~Syncer();

  // Starts the thread. Returns 0 or an errno; called once.
  int Start();

  // The file has changed. Its changes are on the disk an interval later, unless the disk is slow.
  // The syncer keeps the file open as long as it needs it.
  void Changed(const File& file, Kind kind = Kind::kFile);

  // Waits until all changes are on the disk. Returns 0 or the errno of the first failure.
  int SyncNow();

  // The time since the oldest change that is not on the disk; 0 without one. Called on any thread.
  std::chrono::duration<double> Lag();

  // The errno of the first failure, or 0. Called on any thread.
  int error() const { return error_; }

 private:
  struct Change {
    File file;
    Kind kind;

    bool operator==(const Change&) const = default;
  };

  void Run();
  void SyncChanged();

  const std::chrono::milliseconds interval_;
  std::atomic<int> error_ = 0;

  std::mutex syncing_;  // held while files are synced; taken before mutex_

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Change> changed_;
  // The times of the oldest change in `changed_`, and of the oldest one that is being synced.
  std::optional<std::chrono::steady_clock::time_point> changed_since_;
  std::optional<std::chrono::steady_clock::time_point> syncing_since_;
  bool stopping_ = false;

  Thread thread_;
};

}  // namespace flux_ensemble::log

#include "engine/failures.h"

#include <algorithm>

namespace flux_ensemble::engine {

namespace {

constexpr std::string_view kSeparators = " \t\n\r:;,()[]{}<>\"'`=|";
constexpr std::string_view kF58Prefix = "\xC6\x92";  // the letter before job ids

// The text, cut between two characters.
std::string_view Cut(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The first three, then each power of two.
bool IsExample(std::uint64_t number) {
  return number <= FailureDigest::kMaxJobs || (number & (number - 1)) == 0;
}

}  // namespace

std::string KeyOfNote(std::string_view note) {
  std::string key;
  std::string_view before;
  while (!note.empty()) {
    const std::size_t end = std::min(note.find_first_of(kSeparators), note.size());
    if (end == 0) {
      key.push_back(note.front());
      note.remove_prefix(1);
      continue;
    }
    const std::string_view word = note.substr(0, end);
    note.remove_prefix(end);
    if (word.find('/') != std::string_view::npos) {
      key.push_back('/');
    } else if (std::any_of(word.begin(), word.end(), IsDigit) || word.starts_with(kF58Prefix) ||
               before == "host" || before == "broker") {
      key.push_back('#');
    } else {
      key.append(word);
    }
    before = word;
  }
  return key;
}

FailureDigest::Number FailureDigest::Find(FailureKind kind, std::string_view type,
                                          std::string_view key, std::int32_t status) {
  for (std::size_t i = 0; i < reasons_.size(); ++i) {
    const FailureReason& reason = reasons_[i];
    if (reason.kind != kind || reason.type != type || reason.key != key) continue;
    if (kind != FailureKind::kStatus || reason.status == status) return static_cast<Number>(i + 1);
  }
  if (reasons_.size() >= kMaxReasons && kind != FailureKind::kMore) {
    return Find(FailureKind::kMore, {}, {}, 0);
  }
  FailureReason reason;
  reason.kind = kind;
  reason.type = type;
  reason.key = key;
  reason.status = status;
  reasons_.push_back(std::move(reason));
  return static_cast<Number>(reasons_.size());
}

FailureDigest::Number FailureDigest::OfException(std::string_view type, std::string_view note) {
  return OfNote(FailureKind::kException, type, note);
}

FailureDigest::Number FailureDigest::OfCancel(std::string_view user, std::string_view note) {
  return OfNote(FailureKind::kCanceled, user, note);
}

FailureDigest::Number FailureDigest::OfNote(FailureKind kind, std::string_view type,
                                            std::string_view note) {
  note = Cut(note, kMaxNote);
  const Number number = Find(kind, Cut(type, kMaxNote), KeyOfNote(note), 0);
  FailureReason& reason = reasons_[number - 1];
  if (reason.kind == FailureKind::kMore) return number;
  if (reason.note.empty()) {
    reason.note = note;
  } else if (reason.note != note) {
    reason.varies = true;
  }
  return number;
}

FailureDigest::Number FailureDigest::OfStatus(std::int32_t status) {
  return Find(FailureKind::kStatus, {}, {}, status);
}

FailureDigest::Number FailureDigest::Unknown() {
  return Find(FailureKind::kUnknown, {}, {}, 0);
}

void FailureDigest::AddStatus(Number number, std::int32_t status) {
  FailureReason& reason = reasons_[number - 1];
  if (reason.kind == FailureKind::kException && reason.status == 0) reason.status = status;
}

bool FailureDigest::Fail(Number number, journal::JobId job, bool again) {
  FailureReason& reason = reasons_[number - 1];
  const bool example = IsExample(++reason.seen);
  if (again) {
    ++reason.waiting;
    return example;
  }
  if (reason.jobs.size() < kMaxJobs) reason.jobs.push_back(job);
  return IsExample(++reason.count) || example;
}

}  // namespace flux_ensemble::engine

#include "journal/fast_record_parser.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "journal/bytes.h"

namespace flux_ensemble::journal {

namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The number of leading digits among eight bytes.
unsigned CountDigits(std::uint64_t bytes) {
  const std::uint64_t values = bytes ^ 0x3030303030303030u;
  // A byte above 9 sets the highest bit. Its carry only affects later bytes.
  const std::uint64_t others = ((values + 0x7676767676767676u) | values) & 0x8080808080808080u;
  return static_cast<unsigned>(std::countr_zero(others)) / 8;
}

// The number spelled by the first `count` of eight bytes, which are digits. Pairs, then fours, then
// all eight are added in parallel.
std::uint64_t NumberOf(std::uint64_t bytes, unsigned count) {
  // Zeros are shifted in at the front. Two shifts are used, because a shift by 64 bits is
  // undefined.
  const unsigned half = 32 - 4 * count;
  bytes = (bytes & 0x0f0f0f0f0f0f0f0fu) << half << half;
  bytes = bytes * 10 + (bytes >> 8);
  return ((bytes & 0x000000ff000000ffu) * 0x000f424000000064u +
          (bytes >> 16 & 0x000000ff000000ffu) * 0x0000271000000001u) >>
         32;
}

// Returns `found`. When it equals the guess, later instructions do not wait for it, because the
// processor predicts the branch. The empty assembler statement hides from the compiler that both
// values are equal.
const char* Predicted(const char* found, const char* guess) {
  if (found != guess) [[unlikely]] {
    return found;
  }
  asm volatile("" : "+r"(guess));
  return guess;
}

constexpr std::array<std::uint64_t, 10> kPowersOfTen = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000,
};
constexpr unsigned kMaxFraction = kPowersOfTen.size() - 1;

// The double nearest to whole + billionths / 10^9, ties to even, for `whole` from 2^20 to 2^40. The
// fraction takes the remaining bits of the 53, and its division is exact in integers.
double Nearest(std::uint64_t whole, std::uint64_t billionths) {
  constexpr std::uint64_t billion = kPowersOfTen[kMaxFraction];
  const unsigned shift = 53 - static_cast<unsigned>(std::bit_width(whole));
  const std::uint64_t scaled = billionths << shift;
  const std::uint64_t bits = (whole << shift) + scaled / billion;
  const std::uint64_t odd = bits & 1;
  const std::uint64_t up = scaled % billion * 2 + odd > billion ? 1 : 0;
  // A power of two, made from its exponent. Division by it is exact.
  const auto scale = std::bit_cast<double>(std::uint64_t{1023 - shift} << 52);
  return static_cast<double>(static_cast<std::int64_t>(bits + up)) * scale;
}

}  // namespace

// One pass over one record. Each function takes the place where a part should begin. It returns the
// place after the part, or null when the part is missing. Reads go at most kPadding bytes beyond
// the end; parts without a small bound are checked against the end.
class FastRecordParser::Scanner {
 public:
  Scanner(const char* end, FastRecordParser& parser, Record& record)
      : end_(end), parser_(parser), record_(record) {}

  const char* Root(const char* at) {
    const std::size_t events = parser_.event_count_;
    Event& first = parser_.NewEvent();
    const char* const tail = Head(at, first.timestamp);
    if (tail == nullptr || tail >= end_) return nullptr;
    if (const CachedTail* cached = parser_.tails_.Find(tail)) {
      if (end_ - tail < cached->size) return nullptr;
      cached->event.Apply(tail, first);
      return tail + cached->size;
    }
    if (const CachedOpening* cached = parser_.openings_.Find(Between(tail, end_))) {
      if (const char* const after = Opened(*cached, tail, first)) return after;
      parser_.event_count_ = events + 1;
      record_.membership.reset();
      record_.resources = {};
    }
    at = MoreEvents(EventRest(tail, first));
    if (at == nullptr || parser_.event_count_ != events + 1) return Rest(at);
    Insert(tail, at, first);
    return Rest(at);
  }

 private:
  // From the beginning of the record to the end of its first event's timestamp.
  const char* Head(const char* at, double& timestamp) {
    const HeadPattern& head = parser_.head_;
    if (end_ - at >= static_cast<std::ptrdiff_t>(HeadPattern::kMaxBytes) && head.Fits(at))
        [[likely]] {
      record_.id = head.IdOf(at);
      const std::uint64_t whole = TenDigits(at + head.seconds_at());
      return Fraction(at + head.size(), whole, timestamp);
    }
    const char* const id = Literal(at, "{\"id\":");
    const char* const after_id = Integer(id, record_.id);
    if (after_id == nullptr) return nullptr;
    parser_.head_.SetIdDigits(static_cast<std::size_t>(after_id - id));
    return EventTime(Literal(after_id, ",\"events\":["), timestamp);
  }

  // The beginning of the context that Flux's own scheduler writes in `annotations` and `alloc`.
  static constexpr char kSummaryText[] = "{\"annotations\":{\"sched\":{\"resource_summary\":\"";
  static constexpr std::string_view kSummary = kSummaryText;

  // Caches the tail of a record with one event, from `tail` to `after`.
  void Insert(const char* tail, const char* after, const Event& event) {
    const bool whole = after < end_ && *after == '}';
    if (whole && parser_.tails_.Insert(Between(tail, after + 1), event)) return;
    const bool summary = event.context.starts_with(kSummary);
    const char* const opened = summary ? event.context.data() + kSummary.size() : after;
    parser_.openings_.Insert(Between(tail, opened), event);
  }

  static std::string_view Between(const char* at, const char* end) {
    return {at, static_cast<std::size_t>(end - at)};
  }

  // The rest of a record with a cached opening; null if it continues differently.
  const char* Opened(const CachedOpening& cached, const char* at, Event& event) {
    cached.event.Apply(at, event);
    at += cached.size;
    if (!cached.in_context) return Rest(at);
    at = Summary(at);
    if (at == nullptr) return nullptr;
    event.context = Between(event.context.data(), at);
    at = Literal(at, "}]");
    return at != nullptr && at < end_ ? Rest(at) : nullptr;
  }

  // From within a scheduler's summary to the end of its context.
  const char* Summary(const char* at) const { return Literal(String(at - 1), "}}}"); }

  // The part after the events.
  const char* Rest(const char* at) {
    bool have_jobspec = false;
    bool have_R = false;
    while (at != nullptr && at < end_ && *at == ',') {
      if (const char* jobspec = Literal(at, ",\"jobspec\":{");
          jobspec != nullptr && !have_jobspec) {
        have_jobspec = true;
        at = Jobspec(jobspec - 1);
      } else if (const char* R = Literal(at, ",\"R\":{"); R != nullptr && !have_R) {
        have_R = true;
        at = Resources(R - 1);
        if (at != nullptr) record_.resources = Between(R - 1, at);
      } else {
        return nullptr;
      }
    }
    at = Literal(at, "}");
    return at == nullptr || at > end_ ? nullptr : at;
  }

  template <std::size_t size>
  static const char* Literal(const char* at, const char (&text)[size]) {
    if (at == nullptr || std::memcmp(at, text, size - 1) != 0) return nullptr;
    return at + size - 1;
  }

  // A number of up to 18 digits.
  static const char* Integer(const char* at, std::uint64_t& value) {
    if (at == nullptr) return nullptr;
    const std::uint64_t first = EightBytes(at);
    unsigned digits = CountDigits(first);
    value = NumberOf(first, digits);
    if (digits == 0 || (*at == '0' && digits > 1)) return nullptr;
    for (unsigned more = digits; more == 8;) {
      const std::uint64_t next = EightBytes(at + digits);
      more = CountDigits(next);
      digits += more;
      if (digits > 18) return nullptr;
      value = value * kPowersOfTen[more] + NumberOf(next, more);
    }
    return at + digits;
  }

  // From the end of an event to the end of the array of events.
  const char* MoreEvents(const char* at) {
    while (at != nullptr && at < end_) {
      if (*at == ']') return at + 1;
      if (*at != ',') return nullptr;
      Event& event = parser_.NewEvent();
      at = EventTime(at + 1, event.timestamp);
      if (at != nullptr) at = EventRest(at, event);
    }
    return nullptr;
  }

  // From the beginning of an event to the end of its timestamp.
  const char* EventTime(const char* at, double& timestamp) const {
    at = Timestamp(Literal(at, "{\"timestamp\":"), timestamp);
    return at == nullptr || at >= end_ ? nullptr : at;
  }

  // From the end of the timestamp to the end of the event.
  const char* EventRest(const char* at, Event& event) {
    event.status = 0;
    event.context = {};
    at = Name(Literal(at, ",\"name\":\""), event);
    if (at == nullptr || at >= end_) return nullptr;
    if (*at == '}') return event.kind == EventKind::kFinish ? nullptr : at + 1;
    const char* const context = Literal(at, ",\"context\":");
    if (context == nullptr || context >= end_ || *context != '{') return nullptr;
    at = event.kind == EventKind::kFinish ? Status(context, event.status) : Context(context);
    if (at == nullptr) return nullptr;
    event.context = std::string_view(context, static_cast<std::size_t>(at - context));
    return Literal(at, "}");
  }

  // Seconds since the epoch: ten digits, and up to nine after the point.
  const char* Timestamp(const char* at, double& timestamp) const {
    if (at == nullptr) return nullptr;
    if (EightBytes(at) == parser_.epoch_.digits && IsDigit(at[8]) && IsDigit(at[9]) &&
        at[10] == '.') {
      return Fraction(at + 11, TenDigits(at), timestamp);
    }
    std::uint64_t whole = 0;
    const char* const after = Integer(at, whole);
    if (after == nullptr || *after != '.' || whole >> 20 == 0 || whole >> 40 != 0) return nullptr;
    return Fraction(after + 1, whole, timestamp);
  }

  // Ten digits, at a place where the leading digits rarely change.
  std::uint64_t TenDigits(const char* at) const {
    const std::uint64_t first = EightBytes(at);
    if (first != parser_.epoch_.digits) [[unlikely]] {
      parser_.epoch_ = {first, NumberOf(first, 8) * 100};
    }
    return parser_.epoch_.value + static_cast<unsigned>(at[8] * 10 + at[9] - '0' * 11);
  }

  // The digits after the point of a number of seconds.
  static const char* Fraction(const char* at, std::uint64_t whole, double& timestamp) {
    const std::uint64_t bytes = EightBytes(at);
    unsigned digits = CountDigits(bytes);
    std::uint64_t fraction = NumberOf(bytes, digits);
    if (digits == 8 && IsDigit(at[8])) {
      fraction = fraction * 10 + static_cast<unsigned>(at[8] - '0');
      if (IsDigit(at[++digits])) return nullptr;
    }
    if (digits == 0) return nullptr;
    timestamp = Nearest(whole, fraction * kPowersOfTen[kMaxFraction - digits]);
    // The most digits that a double of this size can need.
    return Predicted(at + digits, at + 7);
  }

  // Up to 16 characters and the closing quote. Other texts are left to the general parser.
  const char* Name(const char* at, Event& event) const {
    if (at == nullptr) return nullptr;
    const std::uint32_t mask = QuotesOrSpecialAt(at);
    if (mask == 0) return nullptr;
    const int size = std::countr_zero(mask);
    if (size == 0 || at[size] != '"') return nullptr;
    event.name = std::string_view(at, static_cast<std::size_t>(size));
    event.kind = KindOf(event.name);
    return event.kind == EventKind::kException ? nullptr : at + size + 1;
  }

  static const char* Status(const char* at, std::int32_t& status) {
    std::uint64_t value = 0;
    at = Integer(Literal(at, "{\"status\":"), value);
    if (at == nullptr || value > INT32_MAX) return nullptr;
    status = static_cast<std::int32_t>(value);
    return Literal(at, "}");
  }

  const char* Context(const char* at) {
    if (const char* const summary = Literal(at, kSummaryText)) {
      if (const char* const after = Summary(summary)) return after;
    }
    // The general parser reads only the first member of a context.
    const char* const first =
        Member(at + 1, [&](std::string_view, const char* value) { return Value(value); });
    if (first == nullptr || first >= end_) return nullptr;
    if (*first == '}') return first + 1;
    return *first == ',' ? Bracketed(first, 1) : nullptr;
  }

  const char* Jobspec(const char* at) {
    Membership& membership = record_.membership.emplace();
    const std::string_view text = Between(at, end_);
    if (const std::size_t size = parser_.jobspecs_.Find(text, membership); size > 0)
      return at + size;
    bool have_attributes = false;
    const char* const after =
        Object(at, [&](std::string_view key, const char* value) -> const char* {
          if (key != "attributes") return Value(value);
          return std::exchange(have_attributes, true) ? nullptr : Attributes(value, membership);
        });
    if (after != nullptr) {
      parser_.jobspecs_.Insert(text.substr(0, static_cast<std::size_t>(after - at)), membership);
    }
    return after;
  }

  const char* Attributes(const char* at, Membership& membership) {
    bool have_user = false;
    return Object(at, [&](std::string_view key, const char* value) -> const char* {
      if (key != "user") return Value(value);
      return std::exchange(have_user, true) ? nullptr : User(value, membership);
    });
  }

  const char* User(const char* at, Membership& membership) {
    return Object(at, [&](std::string_view key, const char* value) -> const char* {
      if (key == "group") return Word(value, membership.group);
      if (key == "ensemble") return Word(value, membership.ensemble);
      if (key == "origin") return Part(value, membership.origin);
      if (key == "parameters") return Part(value, membership.parameters);
      return Value(value);
    });
  }

  const char* Resources(const char* at) {
    const std::string_view text = Between(at, end_);
    // Annotations of the scheduler and its resources have related lengths.
    const std::size_t hint = parser_.events_[parser_.event_count_ - 1].context.size();
    if (const std::size_t size = parser_.resources_.Find(text, hint); size > 0) return at + size;
    const char* const after = Bracketed(at);
    if (after != nullptr) parser_.resources_.Insert(Between(at, after), hint);
    return after;
  }

  // A nonempty string, for a member that was not seen before.
  const char* Word(const char* at, std::optional<std::string_view>& word) {
    if (*at != '"' || word) return nullptr;
    const char* const after = String(at);
    if (after == nullptr || after - at == 2) return nullptr;
    word = std::string_view(at + 1, static_cast<std::size_t>(after - at - 2));
    return after;
  }

  // An object, under the same condition.
  const char* Part(const char* at, std::optional<std::string_view>& part) {
    if (*at != '{' || part) return nullptr;
    const char* const after = Bracketed(at);
    if (after != nullptr) part = std::string_view(at, static_cast<std::size_t>(after - at));
    return after;
  }

  // Calls `member` with each key and the place of its value.
  template <typename OnMember>
  const char* Object(const char* at, OnMember on_member) {
    if (*at != '{') return nullptr;
    if (at[1] == '}') return at + 2;
    do {
      at = Member(at + 1, on_member);
      if (at == nullptr || at >= end_) return nullptr;
    } while (*at == ',');
    return *at == '}' ? at + 1 : nullptr;
  }

  template <typename OnMember>
  const char* Member(const char* at, OnMember on_member) {
    if (at >= end_ || *at != '"') return nullptr;
    const char* const key = at + 1;
    at = String(at);
    if (at == nullptr || at >= end_ || *at != ':') return nullptr;
    return on_member(std::string_view(key, static_cast<std::size_t>(at - key - 1)), at + 1);
  }

  const char* Value(const char* at) {
    switch (*at) {
      case '{':
      case '[':
        return Bracketed(at);
      case '"':
        return String(at);
      case 't':
        return Literal(at, "true");
      case 'f':
        return Literal(at, "false");
      case 'n':
        return Literal(at, "null");
      default:
        break;
    }
    const char* const begin = at;
    while (at < end_ && (IsDigit(*at) || *at == '.' || *at == '-' || *at == '+' || *at == 'e'))
      ++at;
    return at == begin ? nullptr : at;
  }

  // From the opening quote to the end of the closing quote.
  const char* String(const char* at) const {
    for (++at; at < end_; at += 16) {
      const std::uint32_t mask = QuotesOrSpecialAt(at);
      if (mask == 0) continue;
      at += std::countr_zero(mask);
      return at < end_ && *at == '"' ? at + 1 : nullptr;
    }
    return nullptr;
  }

  // From an opening bracket, or from within `depth` brackets, to the end of the one that closes
  // them. Only strings in between are looked at. The general parser does not look there either.
  const char* Bracketed(const char* at, std::uint32_t depth = 0) {
    std::uint64_t in_string = 0;  // all ones inside a string
    for (; at < end_; at += kMaskBytes) {
      const TextMasks masks = MasksAt(at);
      const std::uint64_t strings = PrefixXor(masks.quotes) ^ in_string;
      in_string = strings >> 63 != 0 ? ~std::uint64_t{0} : 0;
      const std::uint64_t brackets = (masks.opening | masks.closing) & ~strings;
      for (std::uint64_t left = brackets; left != 0; left &= left - 1) {
        const std::uint64_t bit = left & -left;
        if ((masks.opening & bit) != 0) {
          ++depth;
        } else if (--depth == 0) {
          if ((masks.special & (bit - 1)) != 0) return nullptr;
          at += std::countr_zero(bit) + 1;
          return at <= end_ ? at : nullptr;
        }
      }
      if (masks.special != 0) return nullptr;
    }
    return nullptr;
  }

  const char* end_;
  FastRecordParser& parser_;
  Record& record_;
};

std::size_t FastRecordParser::Decode(std::string_view text) {
  // Memory is slower than decoding, so the next bytes are prefetched.
  for (std::size_t ahead = 1024; ahead < 1024 + 192; ahead += 64) {
    __builtin_prefetch(text.data() + ahead);
  }
  first_event_[record_count_] = event_count_;
  Record& record = records_[record_count_++];
  record.membership.reset();
  record.resources = {};
  const char* const after = Scanner(text.data() + text.size(), *this, record).Root(text.data());
  if (after != nullptr) return static_cast<std::size_t>(after - text.data());
  DropLast();
  return 0;
}

std::span<const Record> FastRecordParser::records() {
  // From here on the events do not move.
  std::size_t end = event_count_;
  for (std::size_t i = record_count_; i-- > 0; end = first_event_[i]) {
    records_[i].events = std::span(events_).subspan(first_event_[i], end - first_event_[i]);
  }
  return std::span(records_).first(record_count_);
}

}  // namespace flux_ensemble::journal

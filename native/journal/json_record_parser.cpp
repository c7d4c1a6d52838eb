#include "journal/json_record_parser.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "journal/context_members.h"
#include "journal/json_text.h"
#include "journal/padding.h"
#include "simdjson.h"

namespace flux_ensemble::journal {

namespace {

namespace ondemand = simdjson::ondemand;

static_assert(kPadding >= simdjson::SIMDJSON_PADDING);

// A value is absent when its key is missing or the value is null, as in jansson ("?") and Python
// (None).
bool IsNull(ondemand::value& value) {
  bool null = false;
  return value.is_null().get(null) == simdjson::SUCCESS && null;
}

// Keys are compared unescaped. Escapes in keys are legal but rare, so only they pay for it.
simdjson::error_code KeyOf(ondemand::field& field, std::string_view& key) {
  key = field.escaped_key();
  if (key.find('\\') == std::string_view::npos) return simdjson::SUCCESS;
  return field.unescaped_key(false).get(key);
}

}  // namespace

class JsonRecordParser::Parser {
 public:
  // Decodes the JSON document at the beginning of `text`. Returns its size in bytes, or 0 with
  // `reason()` and `error_at()` set. `capacity` is the number of readable bytes from the beginning
  // of `text`.
  std::size_t Decode(std::string_view text, std::size_t capacity) {
    reason_.clear();
    error_at_ = 0;
    text_ = text;
    record_ = Record{};
    events_.clear();
    have_id_ = have_events_ = false;

    // Before the first iteration the document belongs to the last record, whose memory may be
    // freed.
    begun_ = false;
    if (Fails(parser_.iterate(text.data(), text.size(), capacity).get(document_), "")) return 0;
    begun_ = true;
    ondemand::object root;
    const simdjson::error_code broken = document_.get_object().get(root);
    if (broken == simdjson::INCORRECT_TYPE) {
      return Refuse("a journal record must be a JSON object");
    }
    if (Fails(broken, "in the record")) return 0;
    if (!Root(root)) return 0;
    if (!have_id_) return Refuse("the record has no id");
    if (!have_events_) return Refuse("the record has no events");
    record_.events = events_;

    if (document_.at_end()) return text.size();
    const char* next = nullptr;
    if (Fails(document_.current_location().get(next), "after the record")) return 0;
    return static_cast<std::size_t>(next - text.data());
  }

  const Record& record() const { return record_; }
  const std::string& reason() const { return reason_; }
  std::size_t error_at() const { return error_at_; }

 private:
  bool Root(ondemand::object& root) {
    for (auto result : root) {
      ondemand::field field;
      std::string_view key;
      if (Fails(std::move(result).get(field), "in the record")) return false;
      if (Fails(KeyOf(field, key), "in a key")) return false;
      ondemand::value& value = field.value();
      bool good = true;
      if (key == "id") {
        good = Id(value);
      } else if (key == "events") {
        good = Events(value);
      } else if (key == "jobspec") {
        good = Jobspec(value);
      } else if (key == "R") {
        Resources(value);
      }
      if (!good) return false;
    }
    return true;
  }

  // The content of R is not checked, as little as that of other members.
  void Resources(ondemand::value& value) {
    const std::string_view token = value.raw_json_token();
    record_.resources = {};
    if (token.front() != '{') return;
    const auto begin = static_cast<std::size_t>(token.data() - text_.data());
    record_.resources = FirstObject(text_.substr(begin));
  }

  bool Id(ondemand::value& value) {
    have_id_ = true;
    record_.sentinel = false;
    if (value.raw_json_token().front() == '-') {
      std::int64_t number = 0;
      if (value.get_int64().get(number) != simdjson::SUCCESS || number != -1) {
        return Refuse("id must be an integer from 0 to 2^64-1, or -1");
      }
      record_.sentinel = true;
      record_.id = ~JobId{0};
      return true;
    }
    if (value.get_uint64().get(record_.id) != simdjson::SUCCESS) {
      return Refuse("id must be an integer from 0 to 2^64-1, or -1");
    }
    return true;
  }

  bool Events(ondemand::value& value) {
    have_events_ = true;
    events_.clear();
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return Refuse("events must be an array");
    for (auto result : array) {
      ondemand::value element;
      ondemand::object object;
      if (Fails(std::move(result).get(element), "in events")) return false;
      if (element.get_object().get(object) != simdjson::SUCCESS) {
        return Refuse("an event must be an object");
      }
      if (!OneEvent(object)) return false;
    }
    return true;
  }

  bool OneEvent(ondemand::object& object) {
    Event event;
    ContextValues values;
    bool have_name = false;
    for (auto result : object) {
      ondemand::field field;
      std::string_view key;
      if (Fails(std::move(result).get(field), "in an event")) return false;
      if (Fails(KeyOf(field, key), "in an event's key")) return false;
      ondemand::value& value = field.value();
      if (key == "timestamp") {
        if (value.get_double().get(event.timestamp) != simdjson::SUCCESS ||
            !std::isfinite(event.timestamp) || event.timestamp <= 0) {
          return Refuse("an event's timestamp must be a number of seconds greater than 0");
        }
      } else if (key == "name") {
        if (value.get_string().get(event.name) != simdjson::SUCCESS || event.name.empty()) {
          return Refuse("an event's name must be a string");
        }
        event.kind = KindOf(event.name);
        have_name = true;
      } else if (key == "context") {
        // The name may follow; the context might then belong to a finish.
        const bool look =
            !have_name || event.kind == EventKind::kFinish || event.kind == EventKind::kException;
        if (!Context(value, look, event, values)) return false;
      }
    }
    if (!have_name) return Refuse("an event has no name");
    if (event.timestamp == 0) return Refuse("an event has no timestamp");
    if (event.kind == EventKind::kFinish) {
      if (!values.status) return Refuse("a finish event needs an integer context.status");
      event.status = *values.status;
    } else if (event.kind == EventKind::kException) {
      if (!values.severity) return Refuse("an exception event needs context.severity, 0 to 7");
      if (!values.type) return Refuse("an exception event needs a string context.type");
      event.severity = *values.severity;
      event.exception_type = *values.type;
      event.exception_name = values.type_name;
    }
    events_.push_back(event);
    return true;
  }

  struct ContextValues {
    std::optional<std::int32_t> status;
    std::optional<std::int8_t> severity;
    std::optional<ExceptionType> type;
    std::string_view type_name;
  };

  bool Context(ondemand::value& value, bool look, Event& event, ContextValues& values) {
    event.context = {};
    values = {};
    if (IsNull(value)) return true;
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) {
      return Refuse("an event's context must be an object");
    }
    if (Fails(object.raw_json().get(event.context), "in an event's context")) return false;
    if (!look) return true;
    if (Fails(object.reset().error(), "in an event's context")) return false;
    for (auto result : object) {
      ondemand::field field;
      std::string_view key;
      if (Fails(std::move(result).get(field), "in an event's context")) return false;
      if (Fails(KeyOf(field, key), "in a context's key")) return false;
      // Other events may use these keys for other things, so a value of another type is valid here.
      std::int64_t number = 0;
      if (key == "status") {
        values.status.reset();
        if (field.value().get_int64().get(number) == simdjson::SUCCESS && number >= INT32_MIN &&
            number <= INT32_MAX) {
          values.status = static_cast<std::int32_t>(number);
        }
      } else if (key == "severity") {
        values.severity.reset();
        if (field.value().get_int64().get(number) == simdjson::SUCCESS && number >= 0 &&
            number <= 7) {
          values.severity = static_cast<std::int8_t>(number);
        }
      } else if (key == "type") {
        std::string_view type;
        values.type.reset();
        if (field.value().get_string().get(type) == simdjson::SUCCESS) {
          values.type_name = type;
          values.type = type == "cancel"    ? ExceptionType::kCancel
                        : type == "timeout" ? ExceptionType::kTimeout
                                            : ExceptionType::kOther;
        }
      }
    }
    return true;
  }

  bool Jobspec(ondemand::value& value) {
    record_.membership.reset();
    if (IsNull(value)) return true;
    ondemand::object jobspec;
    if (value.get_object().get(jobspec) != simdjson::SUCCESS) {
      return Refuse("jobspec must be an object");
    }
    Membership membership;
    const bool good = InObject(jobspec, "attributes", membership, [&](auto& attributes) {
      return InObject(attributes, "user", membership,
                      [&](auto& user) { return User(user, membership); });
    });
    if (good) record_.membership = membership;
    return good;
  }

  // Calls `inside` with the member `name` of `object` when that member is an object. A repeated
  // member replaces the membership of an earlier one.
  template <typename Inside>
  bool InObject(ondemand::object& object, std::string_view name, Membership& membership,
                Inside inside) {
    for (auto result : object) {
      ondemand::field field;
      std::string_view key;
      ondemand::object child;
      if (Fails(std::move(result).get(field), "in the jobspec")) return false;
      if (Fails(KeyOf(field, key), "in the jobspec's key")) return false;
      if (key != name) continue;
      membership = Membership{};
      if (field.value().get_object().get(child) == simdjson::SUCCESS && !inside(child)) {
        return false;
      }
    }
    return true;
  }

  bool User(ondemand::object& user, Membership& membership) {
    for (auto result : user) {
      ondemand::field field;
      std::string_view key;
      std::string_view text;
      if (Fails(std::move(result).get(field), "in the jobspec")) return false;
      if (Fails(KeyOf(field, key), "in the jobspec's key")) return false;
      if (key == "group") {
        membership.group.reset();
        if (!StringOrOther(field.value(), text)) return false;
        if (!text.empty()) membership.group = text;
      } else if (key == "ensemble") {
        if (!StringOrOther(field.value(), text)) return false;
        membership.ensemble = text;
      } else if (key == "origin") {
        if (!ObjectOrOther(field.value(), membership.origin)) return false;
      } else if (key == "parameters") {
        if (!ObjectOrOther(field.value(), membership.parameters)) return false;
      }
    }
    return true;
  }

  // A string's text; empty for a value of any other type. Broken strings are errors.
  bool StringOrOther(ondemand::value& value, std::string_view& text) {
    text = {};
    if (value.raw_json_token().front() != '"') return true;
    return !Fails(value.get_string().get(text), "in the jobspec's attributes.user");
  }

  // An object's JSON; nothing for a value of any other type.
  bool ObjectOrOther(ondemand::value& value, std::optional<std::string_view>& json) {
    json.reset();
    if (value.raw_json_token().front() != '{') return true;
    ondemand::object object;
    return !Fails(value.get_object().get(object), "in the jobspec's attributes.user") &&
           !Fails(object.raw_json().get(json.emplace()), "in the jobspec's attributes.user");
  }

  bool Fails(simdjson::error_code code, const char* where) {
    if (code == simdjson::SUCCESS) return false;
    std::string reason = simdjson::error_message(code);
    if (*where != '\0') reason.append(" (").append(where).append(")");
    Refuse(std::move(reason));
    return true;
  }

  // Notes the reason and, where known, the place. Always returns false.
  bool Refuse(std::string reason) {
    reason_ = std::move(reason);
    const char* at = nullptr;
    if (begun_ && document_.current_location().get(at) == simdjson::SUCCESS && at >= text_.data() &&
        at <= text_.data() + text_.size()) {
      error_at_ = static_cast<std::size_t>(at - text_.data());
    }
    return false;
  }

  ondemand::parser parser_;
  ondemand::document document_;
  std::string_view text_;
  std::vector<Event> events_;
  Record record_;
  bool begun_ = false;
  bool have_id_ = false;
  bool have_events_ = false;
  std::string reason_;
  std::size_t error_at_ = 0;
};

JsonRecordParser::JsonRecordParser() : parser_(std::make_unique<Parser>()) {}
JsonRecordParser::~JsonRecordParser() = default;

std::size_t JsonRecordParser::Decode(std::string_view text, std::size_t capacity) {
  return parser_->Decode(text, capacity);
}

void JsonRecordParser::FreeMemory() {
  parser_ = std::make_unique<Parser>();
}

const Record& JsonRecordParser::record() const {
  return parser_->record();
}

const std::string& JsonRecordParser::reason() const {
  return parser_->reason();
}

std::size_t JsonRecordParser::error_at() const {
  return parser_->error_at();
}

namespace {

// False for invalid JSON, before which members may have been read.
bool ReadMembers(ondemand::object& object, std::vector<Member>& members) {
  for (auto result : object) {
    ondemand::field field;
    std::string_view key;
    if (std::move(result).get(field) != simdjson::SUCCESS) return false;
    if (field.unescaped_key(false).get(key) != simdjson::SUCCESS) return false;
    Member& member = members.emplace_back(Member{std::string(key), {}, {}});
    double number = 0;
    std::uint64_t integer = 0;
    bool boolean = false;
    std::string_view string;
    ondemand::value& value = field.value();
    if (value.get_double().get(number) == simdjson::SUCCESS) {
      member.value = number;
      if (value.get_uint64().get(integer) == simdjson::SUCCESS) member.integer = integer;
    } else if (value.get_bool().get(boolean) == simdjson::SUCCESS) {
      member.value = boolean;
    } else if (value.get_string().get(string) == simdjson::SUCCESS) {
      member.value = std::string(string);
    }
  }
  return true;
}

}  // namespace

std::vector<Member> MembersOf(std::string_view text) {
  std::vector<Member> members;
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  const simdjson::padded_string padded(text);
  if (parser.iterate(padded).get(document) == simdjson::SUCCESS &&
      document.get_object().get(object) == simdjson::SUCCESS) {
    ReadMembers(object, members);
  }
  return members;
}

std::optional<std::vector<std::vector<Member>>> ObjectsIn(std::string_view text,
                                                          std::string_view name) {
  std::vector<std::vector<Member>> objects;
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array array;
  const simdjson::padded_string padded(text);
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document[name].get_array().get(array) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  for (auto result : array) {
    ondemand::value value;
    ondemand::object object;
    if (std::move(result).get(value) != simdjson::SUCCESS) return std::nullopt;
    std::vector<Member>& members = objects.emplace_back();
    if (value.get_object().get(object) != simdjson::SUCCESS) continue;
    if (!ReadMembers(object, members)) return std::nullopt;
  }
  return objects;
}

}  // namespace flux_ensemble::journal

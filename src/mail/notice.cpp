#include "mail/notice.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "base/encoding.h"
#include "mail/notice_texts.h"
#include "mail/one_line.h"
#include "mail/outbox.h"

namespace imp::mail {

namespace {

constexpr std::size_t kLongestName = 214, kLongestFact = 300;
constexpr std::size_t kMostClaims = 40;

std::string text_member(const boost::json::object& object, std::string_view key,
                        std::size_t limit = kLongestFact) {
  const boost::json::value* value = object.if_contains(key);
  return value && value->is_string() ? one_line(value->get_string(), limit) : std::string();
}

std::string_view words_of_switch(std::string_view word) {
  if (word == "trustedOnly") return "trusted publishing only";
  if (word == "stagedOnly") return "staged publishing only";
  if (word == "secondFactor") return "a second factor for every publish";
  return "a protection";
}

/// What a record is about: how it is called in a sentence, and its page.
struct Place {
  std::string name, page;
  bool account = false;
};

/// Of a package's pages, or of a scope's, the one where what happened can be looked at.
std::string_view package_page(std::string_view action) {
  if (action == "stage.policy") return "/staged";
  return action.starts_with("freeze.") ? "" : "/settings";
}
std::string_view scope_page(std::string_view action) {
  return action == "stage.policy" ? "/releases" : "/publishers";
}

Place place_of(const audit::Record& record) {
  const std::size_t colon = std::min(record.subject.find(':'), record.subject.size());
  const std::string_view kind = std::string_view(record.subject).substr(0, colon);
  std::string_view id =
      std::string_view(record.subject).substr(std::min(colon + 1, record.subject.size()));
  if (kind == "package") {
    const std::string name = one_line(id, kLongestName);
    std::string path;
    for (const char c : name)
      path += c == '@' || c == '/' ? std::string(1, c) : percent_encode({&c, 1});
    return {name, fmt::format("/package/{}{}", path, package_page(record.action))};
  }
  if (kind == "organization" || kind == "scope") {
    if (id.starts_with('@')) id.remove_prefix(1);
    const std::string name = one_line(id, kLongestName);
    return {"the scope @" + name,
            fmt::format("/org/{}{}", percent_encode(name), scope_page(record.action))};
  }
  if (kind == "user") return {"the account " + one_line(id, kLongestName), "/account", true};
  return {"this registry", "/"};
}

std::string actor_of(const audit::Record& record) {
  const std::string_view actor = record.actor;
  if (actor.starts_with("user:")) return one_line(actor.substr(5), kLongestName);
  if (actor.starts_with("publisher:")) {
    return "a CI job, by the trusted publisher " + one_line(actor.substr(10), kLongestName);
  }
  const bool by_itself = record.action.starts_with("trust.publisher_en");
  return by_itself ? "the registry itself" : "the operator of the registry";
}

std::string filled(std::string_view text, const audit::Record& record, const Place& place) {
  const boost::json::object& detail = record.detail;
  const auto* freeze = detail.if_contains("freeze");
  const auto value_of = [&](std::string_view name) -> std::string {
    if (name == "place") return place.name;
    if (name == "actor") return actor_of(record);
    if (name == "switch") return std::string(words_of_switch(text_member(detail, "switch")));
    if (name == "from") return time_text(text_member(detail, "from"));
    if (name == "ends") return time_text(text_member(detail, "ends_at"));
    if (name == "reason") {
      return freeze && freeze->is_object() ? text_member(freeze->get_object(), "reason") : "";
    }
    return text_member(detail, name);
  };
  std::string out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('{'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    const std::size_t close = text.find('}');
    if (text.empty() || close == std::string_view::npos) break;
    out += value_of(text.substr(1, close - 1));
    text.remove_prefix(close + 1);
  }
  // A sentence may begin with a place that does not begin with a capital letter.
  if (out.starts_with("the ")) out.front() = 'T';
  return out;
}

/// A value as one line: text as it is, anything else as JSON.
std::string shown(const boost::json::value& value) {
  return one_line(
      value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value),
      kLongestFact);
}

void add_fact(std::string& out, std::string_view label, std::string_view value) {
  if (!value.empty()) out += fmt::format("  {:<12} {}\n", std::string(label) + ":", value);
}

void add_publisher(std::string& out, const boost::json::object& publisher) {
  for (const std::string_view key : {"type", "issuer"}) {
    add_fact(out, key, text_member(publisher, key));
  }
  std::size_t shown_claims = 0;
  for (const std::string_view part : {"claims", "learnt"}) {
    const auto* claims = publisher.if_contains(part);
    if (!claims || !claims->is_object()) continue;
    for (const auto& [key, value] : claims->get_object()) {
      if (++shown_claims > kMostClaims) break;
      add_fact(out, one_line(key, kLongestName), shown(value));
    }
  }
  if (const auto* may = publisher.if_contains("permissions"))
    add_fact(out, "permissions", shown(*may));
  add_fact(out, "usable from", time_text(text_member(publisher, "usableFrom")));
  add_fact(out, "ends unused", time_text(text_member(publisher, "expiresAt")));
}

std::string facts(const audit::Record& record) {
  std::string out;
  add_fact(out, "by", actor_of(record));
  add_fact(out, "at", time_text(record.at));
  add_fact(out, "from", one_line(record.remote_address, kLongestName));
  add_fact(out, "request", one_line(record.request_id, kLongestName));
  add_fact(out, "made by", text_member(record.detail, "made_by"));
  const auto* publisher = record.detail.if_contains("publisher");
  if (publisher && publisher->is_object()) {
    add_fact(out, "publisher", text_member(publisher->get_object(), "id"));
    add_publisher(out, publisher->get_object());
  } else if (publisher) {
    add_fact(out, "publisher", shown(*publisher));
    add_publisher(out, record.detail);
  }
  return out;
}

}  // namespace

std::optional<Notice> notice_of(const audit::Record& record, std::string_view public_url) {
  const NoticeText* text = notice_text(record.action);
  if (!text) return std::nullopt;
  const Place place = place_of(record);
  const std::string_view host =
      public_url.substr(std::min(public_url.find("://") + 3, public_url.size()));
  const std::string why =
      place.account ? fmt::format("This is about your account at {}.", host)
                    : fmt::format("You get this because you govern {}, or prepared this, at {}.",
                                  place.name, host);
  return Notice{
      fmt::format("[{}] {}", host, filled(text->subject, record, place)),
      fmt::format("{}\n\n{}\n{}\n\n{}{}\n\n{}\nMessages about security cannot be switched off.\n",
                  filled(text->happened, record, place), facts(record),
                  filled(text->advice, record, place), public_url, place.page, why)};
}

void tell(db::Session& session, const std::vector<std::string>& addresses,
          const audit::Record& record) {
  const auto public_url = set_up_for(session);
  if (!public_url) return;
  const auto notice = notice_of(record, *public_url);
  if (!notice) return;
  for (const std::string& address : std::set<std::string>(addresses.begin(), addresses.end())) {
    queue(session, address, record.action, notice->subject, notice->body, record.at);
  }
}

}  // namespace imp::mail

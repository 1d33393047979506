#include "web/frame/page.h"

#include <array>

#include "crypto/hash.h"
#include "web/frame/embedded_file.h"
#include "web/frame/fields.h"
#include "web/frame/mustache.h"
#include "web/frame/notices.h"
#include "web/frame/waiting.h"

namespace imp::web {

namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

constexpr std::int64_t kMostShown = 99;  // of what waits

/// Hidden fields that tell forms of one address on one page apart.
constexpr std::array<std::string_view, 9> kFormsApart = {"kind",       "stage",    "publisher",
                                                         "definition", "variable", "restriction",
                                                         "hook",       "delivery", "switch"};

/// What went wrong, and for problem.js the form that was sent and the field that it is about.
boost::json::object problem_of(const Visit& visit, const Failure& failure) {
  // Errors in expressions point at a column of the line above.
  const bool several_lines = failure.message.contains('\n');
  boost::json::object told_apart;
  for (const std::string_view name : kFormsApart) {
    if (const std::string value = visit.field(name); !value.empty()) told_apart[name] = value;
  }
  return {{"text", failure.message},
          {"pre", several_lines},
          {"form", visit.request.path()},
          {"apart", boost::json::serialize(told_apart)},
          {"field", field_of(failure)}};
}

boost::json::array trail_of(const std::vector<Crumb>& trail) {
  boost::json::array items;
  for (const Crumb& crumb : trail) items.push_back({{"text", crumb.text}, {"link", crumb.link}});
  return items;
}

}  // namespace

std::string asset_link(std::string_view file) {
  const auto text = embedded_file(fmt::format("assets/{}", file));
  return fmt::format("/-/assets/{}?v={}", file,
                     crypto::sha256_hex(text.value_or("")).substr(0, 12));
}

void add_security_headers(http::Response& response) {
  response.header("content-security-policy", kPolicy)
      .header("referrer-policy", "same-origin")
      .header("x-content-type-options", "nosniff")
      .header("x-frame-options", "DENY")
      .header("cross-origin-opener-policy", "same-origin")
      .header("vary", "accept, cookie");
}

http::Response show(const Visit& visit, Page page) {
  boost::json::object frame{{"csrf", visit.csrf()},
                            {"signed_in", visit.signed_in()},
                            {"path", visit.request.path()},
                            {"public_url", visit.services.public_url}};
  // A page is worth more than this number: without it when it cannot be had.
  if (const auto waiting = count_waiting(visit, kMostShown + 1); waiting && *waiting > 0) {
    frame["waiting"] =
        *waiting > kMostShown ? fmt::format("{}+", kMostShown) : std::to_string(*waiting);
  }
  for (const auto& member : frame) page.model[member.key()] = member.value();
  frame["content"] = render(page.content, page.model);
  frame["title"] = page.title;
  frame["trail"] = trail_of(page.trail);
  frame["person"] = visit.signed_in() ? visit.person().name : "";
  frame["notice"] = visit.problem ? "" : notice_text(visit.query("done"));
  if (visit.problem) frame["problem"] = problem_of(visit, *visit.problem);
  frame["style"] = asset_link("style.css");
  frame["icon"] = asset_link("icon.svg");
  if (visit.problem) page.scripts.push_back("problem.js");
  boost::json::array scripts{asset_link("copy.js")};
  for (const std::string& script : page.scripts) scripts.emplace_back(asset_link(script));
  frame["scripts"] = std::move(scripts);
  const int status = visit.problem ? http::status_of(visit.problem->kind()) : 200;
  http::Response response = http::html(status, render("layout", frame));
  add_security_headers(response);
  return response;
}

http::Response show_failure(const Visit& visit, const Failure& failure) {
  Visit plain = visit;
  plain.problem = nullptr;
  const int status = http::status_of(failure.kind());
  const bool ours = status >= 500;
  http::Response response = show(plain, {.title = status == 404 ? "Not found"
                                                  : ours        ? "Something broke"
                                                                : "Refused",
                                         .content = "failure",
                                         .model = {{"text", failure.message},
                                                   {"code", failure.code()},
                                                   {"request", visit.request.id},
                                                   {"ours", ours}}});
  response.status = status;
  return response;
}

}  // namespace imp::web

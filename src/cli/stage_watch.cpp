#include "cli/stage_watch.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/encoding.h"
#include "cli/refusal.h"
#include "cli/stage_event_text.h"

namespace imp::cli {

namespace {

constexpr Milliseconds kPause{1000};
constexpr Milliseconds kLongestPause{30000};
/// A line comes every 15 seconds: a connection that is silent for so long is gone.
constexpr std::chrono::seconds kSilence{50};

std::string path_of(const WatchOptions& options) {
  if (!options.package.empty()) {
    return "/-/stage/events?package=" + percent_encode(options.package);
  }
  if (!options.scope.empty()) return "/-/stage/events?scope=" + percent_encode(options.scope);
  return "/-/stage/events";
}

}  // namespace

StageWatch::StageWatch(const Registry& registry, WatchOptions options, std::ostream& out,
                       Pause pause)
    : registry_(registry),
      options_(std::move(options)),
      out_(out),
      pause_(std::move(pause)),
      reader_([this](const StreamEvent& event) { print(event); }) {}

void StageWatch::print(const StreamEvent& event) {
  boost::system::error_code error;
  const boost::json::value data = boost::json::parse(event.data, error);
  if (options_.json) {
    out_ << boost::json::serialize(
        boost::json::object{{"id", event.id},
                            {"event", event.name},
                            {"data", error ? boost::json::value(event.data) : data}});
  } else {
    out_ << stage_event_text(event.name, data);
  }
  out_ << '\n' << std::flush;
}

Result<void> StageWatch::listen() {
  reader_.begin_again();
  auto last_byte = std::chrono::steady_clock::now();
  http::Fetch fetch{.headers = {{"accept", "text/event-stream"}},
                    .timeout = std::chrono::hours(1),
                    .body_limit = std::size_t{1} << 30};
  const std::string& last = reader_.last_id().empty() ? options_.after : reader_.last_id();
  if (!last.empty()) fetch.headers.emplace_back("last-event-id", last);
  bool silent = false, readable = true;
  fetch.give_up = [&] {
    silent = std::chrono::steady_clock::now() - last_byte > kSilence;
    return silent;
  };
  fetch.sink = [&](ByteView bytes) {
    last_byte = std::chrono::steady_clock::now();
    heard_ = true;
    readable =
        reader_.read(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    return readable;
  };
  const auto ended = registry_.send(std::move(fetch), path_of(options_));
  if (!readable) {
    return refuse(CliRefusal::answer_unusable,
                  fmt::format("{} sent an event that is too long.", registry_.address()));
  }
  if (ended || silent) return {};
  return pass_on(ended);
}

Failure StageWatch::run() {
  Milliseconds pause = kPause;
  bool told = false;
  while (true) {
    heard_ = false;
    const auto done = listen();
    if (!done && !may_pass(done.error())) return done.error();
    if (heard_) told = false;
    if (!done && !heard_ && !told && options_.away) {
      options_.away(done.error());
      told = true;
    }
    // A registry that answers is asked again as it wishes; one that does not, less and less often.
    pause = heard_ ? reader_.retry().value_or(kPause) : std::min(2 * pause, kLongestPause);
    if (!pause_(std::min(pause, kLongestPause))) {
      return refuse(CliRefusal::registry_unavailable, "The watch was ended.").error();
    }
  }
}

}  // namespace imp::cli

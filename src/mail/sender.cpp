#include "mail/sender.h"

#include <algorithm>

#include "mail/message.h"

namespace imp::mail {

namespace {

using Outcome = Sent::Outcome;

constexpr Milliseconds kFirstWait = std::chrono::seconds(5);
constexpr Milliseconds kLongestWait = std::chrono::minutes(1);

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::delivered:
      return "delivered";
    case Outcome::later:
      return "later";
    case Outcome::refused:
      return "refused";
    case Outcome::server_failed:
    case Outcome::stopped:
      return "server_failed";
  }
  return "";
}

}  // namespace

Sender::Sender(db::Database& database, Transport& transport, const Clock& clock, Log& log,
               Metrics& metrics, SenderOptions options)
    : database_(database),
      transport_(transport),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      options_(std::move(options)) {}

Sender::~Sender() { stop(); }

void Sender::start() {
  thread_ = std::thread([this] { run(); });
}

void Sender::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sender::run() {
  while (!stopping_) {
    if (send_one()) continue;
    transport_.rest();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, options_.pause, [this] { return stopping_.load(); });
  }
  transport_.rest();
}

void Sender::leave_alone() {
  left_alone_ = std::clamp(left_alone_ * 2, kFirstWait, kLongestWait);
  not_before_ = clock_.now() + left_alone_;
}

bool Sender::send_one() {
  // A full disk must not make of one message one each second.
  if (unrecorded_) return record();
  const Time now = clock_.now();
  // A clock that was set back must not keep the server alone for longer.
  if (now < not_before_ && not_before_ - now <= left_alone_) return false;
  const auto due = database_.read([&](db::Session& session) -> Result<std::optional<Letter>> {
    return next_due(session, now);
  });
  if (!due) {
    if (!stopping_) log_.error("mail not looked at", {{"reason", due.error().detail}});
    return false;
  }
  if (!*due) return false;
  const Letter& letter = **due;
  const Sent sent = transport_.send(options_.from, letter.recipient,
                                    to_mime({.from = options_.from,
                                             .to = letter.recipient,
                                             .subject = letter.subject,
                                             .body = letter.body,
                                             .id = letter.id,
                                             .date = letter.created}),
                                    [this] { return stopping_.load(); });
  // An attempt that this process broke off says nothing of the message.
  if (sent.outcome == Outcome::stopped) return false;
  metrics_.count("imprimatur_mail_attempts_total", {{"outcome", word(sent.outcome)}});
  if (sent.outcome == Outcome::server_failed) {
    log_.warning("mail server failed", {{"reason", sent.answer}});
    leave_alone();
  } else {
    left_alone_ = Milliseconds(0);
    not_before_ = {};
  }
  unrecorded_ = Unrecorded{letter, sent};
  return record();
}

bool Sender::record() {
  const auto written = database_.write([&](db::Session& session) -> Result<void> {
    record_attempt(session, unrecorded_->letter, unrecorded_->sent, clock_.now());
    return {};
  });
  if (written) {
    unrecorded_.reset();
  } else {
    log_.error("what came of a mail was not kept", {{"reason", written.error().detail}});
  }
  return written.has_value();
}

Result<void> tidy(db::Database& database, const Clock& clock, Metrics& metrics) {
  constexpr std::int64_t kAtOnce = 1000;
  const Time now = clock.now();
  const auto old = database.read([&](db::Session& session) -> Result<bool> {
    metrics.set("imprimatur_mail_waiting",
                static_cast<double>(count(session, Letter::State::pending)));
    metrics.set("imprimatur_mail_given_up",
                static_cast<double>(count(session, Letter::State::failed)));
    metrics.set("imprimatur_mail_left_out", static_cast<double>(left_out(session)));
    return any_old(session, now);
  });
  if (!old) return pass_on(old);
  if (!*old) return {};
  return database.write([&](db::Session& session) -> Result<void> {
    forget_old(session, now, kAtOnce);
    return {};
  });
}

}  // namespace imp::mail

#include "hooks/sender.h"

#include <algorithm>
#include <chrono>

#include "base/retry.h"
#include "hooks/signature.h"

namespace imp::hooks {

namespace {

constexpr std::int64_t kLookedAt = 64;
constexpr std::size_t kAnswerRead = std::size_t{64} << 10;
constexpr Milliseconds kQuick{1000};
constexpr Milliseconds kLongestWait = std::chrono::minutes(1);  // between tries to write

}  // namespace

Sender::Sender(db::Database& database, http::Client& client, const crypto::Sealer& sealer,
               const Clock& clock, Log& log, Metrics& metrics, SenderOptions options)
    : database_(database),
      client_(client),
      sealer_(sealer),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      options_(options) {}

Sender::~Sender() { stop(); }

void Sender::start() {
  for (unsigned i = 0; i < options_.quick_threads + options_.slow_threads; ++i) {
    threads_.emplace_back([this, slow = i >= options_.quick_threads] { run(slow); });
  }
}

void Sender::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Sender::run(bool slow) {
  while (!stopping_) {
    if (send_one(slow)) continue;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, options_.pause, [this] { return stopping_.load(); });
  }
}

std::string Sender::claim(bool slow) {
  const std::lock_guard lock(mutex_);
  const auto due = database_.read([&](db::Session& session) -> Result<std::vector<std::string>> {
    // Of those that are due, so many may be under way; one more is looked for.
    const auto looked_at = kLookedAt + static_cast<std::int64_t>(unwritten_.size());
    return due_hooks(session, slow, clock_.now(), looked_at);
  });
  if (!due) {
    if (!stopping_) log_.error("webhooks not looked at", {{"reason", due.error().detail}});
    return {};
  }
  for (const std::string& id : *due) {
    if (!unwritten_.contains(id) && busy_.insert(id).second) return id;
  }
  return {};
}

std::optional<Sender::Outcome> Sender::claim_unwritten() {
  const std::lock_guard lock(mutex_);
  const Time now = clock_.now();
  for (const auto& [hook_id, outcome] : unwritten_) {
    // A clock that was set back must not hold it for longer.
    if (now < outcome.next && outcome.next - now <= outcome.wait) continue;
    busy_.insert(hook_id);
    return unwritten_.extract(hook_id).mapped();
  }
  return std::nullopt;
}

bool Sender::write_down(Outcome outcome) {
  const auto written = database_.write([&](db::Session& session) -> Result<void> {
    record_attempt(session, outcome.delivery, outcome.attempted, outcome.at);
    return {};
  });
  if (written) return true;
  log_.error("a webhook's answer was not kept", {{"reason", written.error().detail}});
  outcome.wait = std::min(retry_after(++outcome.failures).value_or(kLongestWait), kLongestWait);
  outcome.next = clock_.now() + outcome.wait;
  const std::string hook_id = outcome.delivery.hook_id;
  const std::lock_guard lock(mutex_);
  unwritten_.insert_or_assign(hook_id, std::move(outcome));
  return false;
}

void Sender::release(const std::string& hook_id) {
  const std::lock_guard lock(mutex_);
  busy_.erase(hook_id);
}

bool Sender::send_one(bool slow) {
  if (auto outcome = claim_unwritten()) {
    const std::string receiver = outcome->delivery.hook_id;
    const bool written = write_down(std::move(*outcome));
    release(receiver);
    return written;
  }
  const std::string hook_id = claim(slow);
  if (hook_id.empty()) return false;
  const auto due = database_.read([&](db::Session& session) -> Result<std::optional<Due>> {
    return next_due(session, hook_id, clock_.now());
  });
  bool sent = false;
  if (due && *due) {
    const Attempted attempted = attempt(**due);
    metrics_.count("imprimatur_webhook_attempts_total",
                   {{"outcome", attempted.delivered ? "delivered" : "failed"}});
    // An attempt that this process broke off says nothing of the receiver.
    sent = (stopping_ && !attempted.delivered) ||
           write_down({(*due)->delivery, attempted, clock_.now()});
  }
  release(hook_id);
  return sent;
}

Attempted Sender::attempt(const Due& due) {
  using Steady = std::chrono::steady_clock;
  const auto secret = sealer_.open(due.sealed, hook_purpose(due.delivery.hook_id));
  const auto key = secret ? secret_bytes(*secret) : std::nullopt;
  if (!key) {
    return {.answer = "The secret cannot be opened: master.key is another one.", .slow = true};
  }
  const std::int64_t timestamp = to_milliseconds(clock_.now()) / 1000;
  std::string answer;
  std::size_t read = 0;
  http::Fetch fetch{.method = "POST",
                    .url = due.url,
                    .headers = {{"content-type", "application/json"},
                                {"webhook-id", due.delivery.id},
                                {"webhook-timestamp", std::to_string(timestamp)},
                                {"webhook-signature",
                                 signature(*key, due.delivery.id, timestamp, due.delivery.body)}},
                    .body = due.delivery.body,
                    .timeout = options_.timeout,
                    .body_limit = 2 * kAnswerRead,
                    .redirects = 0,
                    .https_only = !options_.private_addresses,
                    .public_addresses_only = !options_.private_addresses,
                    .give_up = [this] { return stopping_.load(); },
                    .sink =
                        [&answer, &read](ByteView bytes) {
                          const std::size_t room =
                              kAnswerKept - std::min(answer.size(), kAnswerKept);
                          answer += text_of(bytes.first(std::min(bytes.size(), room)));
                          read += bytes.size();
                          return read < kAnswerRead;
                        }};
  const Steady::time_point begin = Steady::now();
  const auto fetched = client_.fetch(fetch);
  const bool quick = Steady::now() - begin < kQuick;
  // Only the body of a 2xx comes to the sink. It is an answer however long it goes on; which 2xx
  // it was is not told of one that is left in the middle.
  if (!fetched && read >= kAnswerRead) {
    return {.delivered = true, .status = 200, .answer = std::move(answer), .slow = !quick};
  }
  if (!fetched) return {.answer = fetched.error().message, .slow = true};
  const bool delivered = fetched->status / 100 == 2;
  if (!delivered) answer = fetched->body;
  if (fetched->status / 100 == 3) answer = "Redirects are not followed.";
  return {.delivered = delivered,
          .status = fetched->status,
          .answer = std::move(answer),
          .slow = !delivered || !quick};
}

}  // namespace imp::hooks

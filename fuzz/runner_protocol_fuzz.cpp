#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ci/runner/job_request.h"
#include "ci/runner/protocol.h"

namespace {

/// What decodes must encode to something that decodes to the same.
template <class Message>
void check(std::string_view text) {
  const auto message = imp::ci::runner::decode<Message>(text);
  if (!message) return;
  const std::string again = imp::ci::runner::encode(*message);
  const auto back = imp::ci::runner::decode<Message>(again);
  if (!back || imp::ci::runner::encode(*back) != again) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace imp::ci::runner;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check<ClaimRequest>(text);
  check<JobTicket>(text);
  check<EventBatch>(text);
  check<EventReply>(text);
  check<TokenRequest>(text);
  check<ReleaseRequest>(text);
  (void)parse_job_request(text);
  return 0;
}

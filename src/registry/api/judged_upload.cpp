#include "registry/api/judged_upload.h"

namespace imp::registry {

namespace {

class RefusedUpload final : public http::BodySink {
 public:
  explicit RefusedUpload(http::Response answer) : answer_(std::move(answer)) {}
  Result<void> write(ByteView) override { return {}; }
  http::Response finish() override { return std::move(answer_); }

 private:
  http::Response answer_;
};

}  // namespace

void add_judged_route(http::Router& router, http::Method method, std::string_view pattern,
                      http::RouteOptions options, Judge judge) {
  router.add_sink(
      method, pattern,
      [judge = std::move(judge)](
          const http::Request& request) -> Result<std::unique_ptr<http::BodySink>> {
        auto sink = judge(request);
        if (!sink) return std::make_unique<RefusedUpload>(std::move(sink.error()));
        return std::move(*sink);
      },
      options);
}

}  // namespace imp::registry

#include "ci/runner/masker.h"

#include <algorithm>

#include "ci/runner/secret_forms.h"

namespace imp::ci::runner {

void Secrets::add(std::string_view value) {
  std::vector<std::string> forms = secret_forms(value);
  std::unique_lock lock(mutex_);
  for (std::string& form : forms) {
    if (std::ranges::find(values_, form) != values_.end()) continue;
    auto& bucket = by_first_byte_[static_cast<unsigned char>(form.front())];
    bucket.push_back(static_cast<std::uint32_t>(values_.size()));
    values_.push_back(std::move(form));
  }
}

std::string Masker::push(std::string_view bytes) {
  held_.append(bytes);
  return drain(false);
}

std::string Masker::finish() { return drain(true); }

std::string Masker::drain(bool at_end) {
  std::shared_lock lock(secrets_->mutex_);
  std::string out;
  std::size_t at = 0;
  for (; at < held_.size(); ++at) {
    const auto& bucket = secrets_->by_first_byte_[static_cast<unsigned char>(held_[at])];
    const std::string_view rest = std::string_view(held_).substr(at);
    std::size_t longest = 0;
    bool undecided = false;
    for (const std::uint32_t index : bucket) {
      const std::string_view secret = secrets_->values_[index];
      if (rest.starts_with(secret)) {
        longest = std::max(longest, secret.size());
      } else if (secret.starts_with(rest)) {
        undecided = true;
      }
    }
    // Waits for more bytes even when a shorter secret matches here already: the longer one may end
    // inside what would be shown next.
    if (undecided && !at_end) break;
    if (longest > 0) {
      if (at >= covered_) out += "****";
      covered_ = std::max(covered_, at + longest);
    }
    if (at >= covered_) out += held_[at];
  }
  held_.erase(0, at);
  covered_ = covered_ > at ? covered_ - at : 0;
  return out;
}

std::string masked(const Secrets& secrets, std::string_view text) {
  Masker masker(secrets);
  std::string out = masker.push(text);
  return out + masker.finish();
}

}  // namespace imp::ci::runner

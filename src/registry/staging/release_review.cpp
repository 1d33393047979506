#include "registry/staging/release_review.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>

#include "registry/packages/version_store.h"
#include "registry/provenance/publish_attestation.h"
#include "registry/trust/providers/provider.h"

namespace imp::registry {

namespace {

constexpr std::size_t kReviewsKept = 8;
constexpr int kReviewsAtOnce = 2;

boost::json::object object_of(std::string_view text) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  return !error && value.is_object() ? std::move(value.get_object()) : boost::json::object();
}

std::vector<std::string> names_of(const boost::json::value* people) {
  std::vector<std::string> names;
  if (!people || !people->is_array()) return names;
  for (const boost::json::value& person : people->get_array()) {
    const auto* name = person.is_object() ? person.get_object().if_contains("name") : nullptr;
    if (name && name->is_string()) names.emplace_back(name->get_string());
  }
  std::ranges::sort(names);
  return names;
}

/// What the release's tag points at now, or `latest` when there is no such tag yet.
std::optional<PreviousRelease> previous_of(db::Session& session, const Package& package,
                                           const StagedRelease& release) {
  const auto tags = dist_tags_of(session, package.id);
  auto tag = tags.find(release.candidate.tag);
  if (tag == tags.end()) tag = tags.find("latest");
  if (tag == tags.end()) return std::nullopt;
  const auto record = find_version(session, package.id, tag->second);
  if (!record || record->state != VersionState::published) return std::nullopt;
  PreviousRelease previous;
  previous.version = record->version;
  previous.sha512 = record->tarball.sha512;
  previous.size = record->tarball.size;
  previous.manifest = object_of(record->manifest);
  previous.npm_user = object_of(record->npm_user);
  previous.maintainers = names_of(previous.manifest.if_contains("maintainers"));
  previous.identity = attested_identity(session, package.id, previous.version);
  previous.bundle = judgement_of(session, package.id, previous.version);
  return previous;
}

/// Reads a blob from its beginning, whoever else reads it.
OpenTarball opener(blobs::Store& blobs, const std::string& sha512) {
  return [&blobs, sha512]() -> Result<TarballSource> {
    const auto blob = blobs.open(sha512);
    if (!blob) return pass_on(blob);
    return TarballSource([descriptor = blob->descriptor, at = off_t{0}](
                             std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
      while (true) {
        const ssize_t got = ::pread(*descriptor, out.data(), out.size(), at);
        if (got >= 0) {
          at += got;
          return static_cast<std::size_t>(got);
        }
        if (errno != EINTR) {
          return refuse(blobs::BlobRefusal::broken, "A stored tarball cannot be read.");
        }
      }
    });
  };
}

void look_at_publishers(ReleaseReview& review) {
  if (!review.previous) return;
  const bool was_trusted = review.previous->npm_user.contains("trustedPublisher");
  if (was_trusted && !review.release.automation) {
    review.warnings.push_back(fmt::format(
        "{} was published by a trusted publisher; this one was staged by {}, with a token.",
        review.previous->version, review.release.publisher.person.name));
  }
  const boost::json::value* trusted = review.previous->npm_user.if_contains("trustedPublisher");
  const auto* before =
      trusted && trusted->is_object() ? trusted->get_object().if_contains("oidcConfigId") : nullptr;
  if (before && before->is_string() && review.release.publisher.trusted &&
      std::string_view(before->get_string()) != review.release.publisher.trusted->config_id) {
    review.warnings.push_back(fmt::format("Another trusted publisher than that of {} staged it.",
                                          review.previous->version));
  }
}

void look_at_people(ReleaseReview& review) {
  if (!review.previous) return;
  for (const std::string& name : review.maintainers) {
    if (std::ranges::find(review.previous->maintainers, name) !=
        review.previous->maintainers.end()) {
      continue;
    }
    review.warnings.push_back(
        fmt::format("{} became a maintainer after {}.", name, review.previous->version));
  }
}

/// "alice", or "CircleCI (trusted publisher)"
std::string publisher_text(const boost::json::object& npm_user) {
  const boost::json::value* name = npm_user.if_contains("name");
  std::string text = name && name->is_string() ? std::string(name->get_string()) : std::string();
  if (npm_user.contains("trustedPublisher")) text += " (trusted publisher)";
  return text;
}

void look_at_origin(ReleaseReview& review) {
  if (!review.previous) return;
  const PreviousRelease& previous = *review.previous;
  const Origin before{publisher_text(previous.npm_user), previous.maintainers,
                      previous.identity.run, trust::provider_of_type(previous.identity.provider),
                      previous.bundle};
  const Origin after{publisher_text(npm_user(review.release.publisher)), review.maintainers,
                     review.release.automation ? review.release.run : boost::json::object(),
                     review.release.provider(), review.bundle};
  review.origin = origin_changes(before, after);
  for (std::string& one : provenance_warnings(previous.version, before, after)) {
    review.warnings.push_back(std::move(one));
  }
}

void look_at_files(ReleaseReview& review) {
  for (const FileChange& change : review.tarball->files) {
    if (change.hidden_characters) {
      review.warnings.push_back(fmt::format(
          "{} has characters that make it read differently from what runs.", change.path));
    }
    if (change.repeated) {
      review.warnings.push_back(
          fmt::format("{} is in the tarball more than once; the last one counts.", change.path));
    }
  }
}

}  // namespace

Reviews::Compared Reviews::kept(const std::string& key) {
  const auto found = std::ranges::find(kept_, key, &Kept::key);
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return found->review;
}

void Reviews::keep(const std::string& key, const Compared& review) {
  if (kept(key)) return;
  kept_.push_front({key, review});
  if (kept_.size() > kReviewsKept) kept_.pop_back();
}

Result<Reviews::Compared> Reviews::compare(const std::optional<PreviousRelease>& previous,
                                           const PublishCandidate& candidate) {
  const std::string& sha512 = candidate.tarball.sha512;
  const std::string key = (previous ? previous->sha512 : std::string()) + " " + sha512;
  {
    const std::lock_guard lock(mutex_);
    if (auto found = kept(key)) return found;
    if (running_ == kReviewsAtOnce) {
      return refuse(StageRefusal::review_busy,
                    "Other releases are being compared right now. Try again in a moment.");
    }
    ++running_;
  }
  const auto leave = [this](void*) {
    const std::lock_guard lock(mutex_);
    --running_;
  };
  const std::unique_ptr<void, decltype(leave)> place(this, leave);
  // What is looked at is what was staged, and approval asks the same again.
  if (const auto intact = blobs_.verify(sha512); !intact) {
    return refuse(StageRefusal::tarball_changed,
                  "The stored tarball is not the one that was staged. Reject this release and "
                  "stage it again.",
                  intact.error().detail);
  }
  auto made = review_tarballs(previous ? opener(blobs_, previous->sha512) : OpenTarball(),
                              opener(blobs_, sha512), limits_);
  if (!made) return pass_on(made);
  auto review = std::make_shared<const TarballReview>(std::move(*made));
  const std::lock_guard lock(mutex_);
  keep(key, review);
  return review;
}

Result<ReleaseReview> Reviews::of(const StagedRelease& release) {
  ReleaseReview review;
  review.release = release;
  const auto loaded = database_.read([&](db::Session& session) -> Result<bool> {
    const auto package = find_package(session, release.candidate.name);
    if (!package) return false;
    for (const Person& person : maintainers_of(session, package->id)) {
      review.maintainers.push_back(person.name);
    }
    std::ranges::sort(review.maintainers);
    review.previous = previous_of(session, *package, release);
    review.bundle = staged_judgement(session, release.id);
    return true;
  });
  if (!loaded) return pass_on(loaded);
  review.manifest =
      manifest_changes(review.previous ? review.previous->manifest : boost::json::object(),
                       release.candidate.clean.manifest);
  look_at_publishers(review);
  look_at_people(review);
  look_at_origin(review);
  auto tarball = compare(review.previous, release.candidate);
  const bool unusable =
      !tarball && (tarball.error().code() == reason(StageRefusal::review_busy).code ||
                   tarball.error().code() == reason(StageRefusal::tarball_changed).code);
  if (unusable) return pass_on(tarball);
  if (tarball) {
    review.tarball = std::move(*tarball);
    review.notes = review.tarball->notes;
    look_at_files(review);
  } else {
    review.notes.push_back("The files were not compared: " + tarball.error().message +
                           " Download the tarball to look at them.");
  }
  return review;
}

}  // namespace imp::registry

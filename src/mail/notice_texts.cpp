#include "mail/notice_texts.h"

#include <algorithm>
#include <array>

namespace imp::mail {

namespace {

/// What to do when it was not expected.
constexpr std::string_view kTrustAdvice =
    "If you did not expect this, somebody may act in the name of {actor}. Remove the publisher on "
    "the page below, look there at the publish attempts, and at what was published since.";
constexpr std::string_view kProtectionAdvice =
    "If you did not expect this, somebody may act in the name of {actor}. Set it right on the page "
    "below, and look at who governs it.";
constexpr std::string_view kOperatorAdvice =
    "If this surprises you, ask the operator of the registry, who gives this reason: {reason}";
constexpr std::string_view kTimeAdvice =
    "If its job should publish, add it again on the page below, and let the job run soon after.";
constexpr std::string_view kAccountAdvice =
    "If this was not you, somebody else uses your account. Change your password on the page below, "
    "revoke the tokens that you do not know, look at your second factors, and tell the other "
    "people of your packages and the operator of the registry.";

constexpr std::array kTexts = {
    NoticeText{
        "trust.create", "Trusted publisher added to {place}",
        "A trusted publisher was added to {place}: CI jobs that fit the identity below can publish "
        "there without a secret.",
        kTrustAdvice},
    NoticeText{
        "trust.change", "Trusted publisher of {place} changed",
        "A trusted publisher of {place} was changed: CI jobs that fit the identity below have the "
        "permissions that are said there.",
        kTrustAdvice},
    NoticeText{
        "trust.revoke", "Trusted publisher removed from {place}",
        "A trusted publisher was removed from {place}: CI jobs that fit the identity below can "
        "publish there no longer.",
        kProtectionAdvice},
    NoticeText{
        "trust.publisher_adopt", "Prepared trusted publisher taken over by {place}",
        "{place} was published for the first time, and a trusted publisher that {made_by} had "
        "prepared for that name is one of the package's own now.",
        kTrustAdvice},
    NoticeText{
        "trust.publisher_learnt", "Trusted publisher of {place} has learnt its project",
        "A CI job exchanged its identity by a trusted publisher of {place}. Behind the names that "
        "the publisher asks for stood the identifiers below, and from now on it asks for them, "
        "too: who takes over such a name is refused.",
        "If that was no job of yours, somebody else has such a name. Remove the publisher on the "
        "page below, look there at the publish attempts, and add it again with the identifiers of "
        "your own project."},
    NoticeText{
        "trust.publisher_ending", "Trusted publisher of {place} is about to end",
        "Nothing was published with a trusted publisher of {place}. It ends at {ends} unless a job "
        "publishes with it before.",
        "Let its job run before then. If nobody needs it, there is nothing to do."},
    NoticeText{
        "trust.publisher_left", "Trusted publisher of {place} is to be kept by somebody",
        "{made_by}, who added a trusted publisher of {place}, may not decide about it any more. It "
        "ends at {ends} unless somebody who may keeps it, and answers for it from then on.",
        "If its job is still to publish, keep it on the page below. Otherwise there is nothing to "
        "do, or remove it at once."},
    NoticeText{
        "trust.keep", "Trusted publisher of {place} is kept",
        "{actor} keeps a trusted publisher of {place} that {made_by} had added, and answers for it "
        "from now on.",
        kTrustAdvice},
    NoticeText{"trust.publisher_end", "Trusted publisher of {place} has ended",
               "A trusted publisher of {place} is no more: it {text}.", kTimeAdvice},
    NoticeText{"switch.on", "{place} insists on {switch} now",
               "It was switched on that {place} insists on {switch}.", kProtectionAdvice},
    NoticeText{
        "switch.relax", "{place} is to insist on {switch} no longer",
        "It was switched off that {place} insists on {switch}. It is in force until {ends}; switch "
        "it on again before then to stay this.",
        kProtectionAdvice},
    NoticeText{
        "stage.policy", "Policy of staged releases of {place} changed",
        "The policy of staged releases of {place} was changed. It wanted {text_before}, and from "
        "{from} on wants {text}. What waits since before keeps the stricter of the two.",
        kProtectionAdvice},
    NoticeText{
        "package.publish", "{place} was published without its trusted publishers",
        "Version {version} of {place} was published by {actor} with a credential of their own, "
        "though {place} has trusted publishers that are in use.",
        "If you did not expect this, somebody may act in the name of {actor}: look at the version "
        "and unpublish it, and at who governs {place}. If nobody should publish like this any "
        "more, switch on \"trusted publishing only\" on the page below."},
    NoticeText{
        "freeze.add", "{place} is frozen",
        "The operator of the registry has frozen {place}: nothing is published, staged or changed "
        "there until the freeze ends.",
        kOperatorAdvice},
    NoticeText{
        "freeze.remove", "{place} is no longer frozen",
        "The operator of the registry has ended the freeze of {place}. Publish tokens from before "
        "have ended, too.",
        kOperatorAdvice},
    NoticeText{
        "account.password", "Password of {place} changed",
        "The password of {place} was changed. Other browser sessions and tokens of `npm login` "
        "have ended.",
        kAccountAdvice},
    NoticeText{
        "account.update", "E-mail address of {place} changed",
        "The e-mail address of {place} was changed. This message goes to the old and to the new "
        "address; later ones go to the new one alone.",
        kAccountAdvice},
    NoticeText{"second_factor.enable", "Second factor of {place} enabled",
               "A second factor was enabled for {place}.", kAccountAdvice},
    NoticeText{"second_factor.disable", "Second factor of {place} disabled",
               "{place} has no second factor any more: a password alone signs in.", kAccountAdvice},
    NoticeText{"second_factor.remove", "Authenticator app of {place} removed",
               "The authenticator app of {place} was removed.", kAccountAdvice},
    NoticeText{"second_factor.recovery_codes", "Recovery codes of {place} replaced",
               "{place} has new recovery codes. The old ones are worth nothing any more.",
               kAccountAdvice},
    NoticeText{"passkey.add", "Passkey added to {place}", "A passkey was added to {place}: {text}.",
               kAccountAdvice},
    NoticeText{"passkey.remove", "Passkey removed from {place}",
               "A passkey was removed from {place}: {text}.", kAccountAdvice},
    NoticeText{"token.create", "Access token made for {place}",
               "An access token was made for {place}: {text}.", kAccountAdvice},
};

}  // namespace

const NoticeText* notice_text(std::string_view action) {
  const auto* found = std::ranges::find(kTexts, action, &NoticeText::action);
  return found == kTexts.end() ? nullptr : found;
}

}  // namespace imp::mail

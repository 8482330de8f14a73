// The page's calls to the sandbox, and what its refusals mean in words.

const WORDS = {
  app_not_responding: "The desk is not connected, so nothing happened. Start it, then try again.",
  operation_timeout: "The desk did not answer within 3 seconds.",
  dispatch_failed: "The desk could not be reached.",
  channel_not_found: "That channel does not exist for this person.",
  not_in_channel: "This person is not a member of that channel.",
  message_not_found: "That message is gone.",
  not_found: "That window is no longer open.",
  invalid_errors: "The desk refused the form in a way Slack does not accept (invalid_errors).",
  slack_is_away: "Slack is away: nothing gets through until you switch it back on.",
  no_answer: "The sandbox does not answer. Is it still running?",
};

export function inWords(error) {
  return WORDS[error] ?? String(error ?? "It did not work.");
}

/** POST /do/<what>; always resolves, {ok: false, error} when the sandbox cannot be reached. */
export async function send(what, body) {
  try {
    const answer = await fetch(`/do/${what}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const parsed = await answer.json();
    return answer.ok || parsed.ok === false || parsed.error ? parsed : { ok: false, error: `HTTP ${answer.status}` };
  } catch {
    return { ok: false, error: "no_answer" };
  }
}

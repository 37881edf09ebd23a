// Title and words of the story of this address; saving again replaces, as a whole.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { moment } from "../../format";
import { get, post, rowsOf } from "../api";
import { useApp, useLoad } from "../context";
import { go } from "../route";
import type { Row } from "../types";
import { Field } from "../ui/parts";

interface Props {
  target: string;
  start: string;
  end: string;
  top: string;
  onSaved: () => void;
}

export function StoryEditor({ target, start, end, top, onSaved }: Props): JSX.Element {
  const app = useApp();
  const stories = useLoad<Row[]>(`stories ${target}`, async (signal) => rowsOf(await get("stories", {}, signal), "stories"));
  const former = stories.data?.find((row) => row.target === target);
  const words = useLoad<Row>(former ? `story ${String(former.story_id)} ${String(former.made)}` : null, (signal) => get(`stories/${String(former?.story_id)}`, {}, signal));
  const draftKey = `flowsleuth.draft.${app.session.workspace}.${target}`;
  const [title, setTitle] = useState("");
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    const draft = JSON.parse(localStorage.getItem(draftKey) ?? "null") as { title: string; text: string } | null;
    if (draft) {
      setTitle(draft.title);
      setText(draft.text);
    } else if (words.data) {
      setTitle(String(words.data.title ?? ""));
      setText(String(words.data.text ?? ""));
    }
  }, [words.data]);
  const edit = (next: { title: string; text: string }) => {
    setTitle(next.title);
    setText(next.text);
    localStorage.setItem(draftKey, JSON.stringify(next));
  };
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const saved = await post<Row>("stories", { target, title, text, start: start || null, end: end || null, top: Number(top) });
      localStorage.removeItem(draftKey);
      app.toast(former ? "The story is saved again" : "The story is saved", { tone: "good", action: { label: "Open it", run: () => go("story", String(saved.story_id ?? "")) } });
      stories.reload();
      onSaved();
    } catch (error) {
      app.fail(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="panel story-editor" aria-label="Story" onSubmit={(event) => void save(event)}>
      <h2>Story</h2>
      {former ? <p class="muted">Saved {moment(former.made as string, "minute")} by {String(former.analyst ?? "")}. Saving again replaces it; <a href={`#/story/${String(former.story_id)}`}>open it</a>.</p> : <p class="muted">Say what happened. It goes to the storyboard with all the evidence on this page.</p>}
      <Field label="Title"><input class="input" required maxLength={200} value={title} onInput={(event) => edit({ title: event.currentTarget.value, text })} /></Field>
      <Field label="What happened, and what to do"><textarea class="input" rows={10} value={text} onInput={(event) => edit({ title, text: event.currentTarget.value })} /></Field>
      <button type="submit" class="button is-primary" disabled={!title.trim() || isBusy}>{isBusy ? "Saving…" : former ? "Save again" : "Save story"}</button>
    </form>
  );
}

(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const [query, kind, found, list, more] =
    ["query", "kind", "found", "list", "more"].map((id) => document.getElementById(id));
  const PAGE = 50;
  const plain = (text) => text.normalize("NFC").toLowerCase();
  // A row: [row, line, lane, kind, chips, text, key, whether its text is cut]
  const haystacks = data.rows.map(([row, , lane, , chips, text, key]) =>
    plain([row, data.lanes[lane], data.chips[chips].map((chip) => chip[1]).join(" "), key, text].join("\n")));
  const element = (name, classes, text) => {
    const made = document.createElement(name);
    if (classes) made.className = classes;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const option = (value, text) => {
    const made = element("option", "", text);
    made.value = value;
    return made;
  };
  const counts = data.kinds.map(() => 0);
  const chipCounts = data.chips.map(() => 0);
  for (const row of data.rows) { counts[row[3]] += 1; chipCounts[row[4]] += 1; }
  kind.append(option("", `everything on this page (${data.rows.length.toLocaleString("en")})`));
  data.kinds.forEach((name, at) => {
    if (counts[at]) kind.append(option(`k${at}`, `${name} (${counts[at].toLocaleString("en")})`));
  });
  const words = new Map();
  data.chips.forEach((chips, at) => chips.forEach(([, text]) => words.set(text, (words.get(text) || 0) + chipCounts[at])));
  for (const [text, count] of [...words].slice(0, 40)) {
    if (count) kind.append(option(`c${text}`, `${text} (${count.toLocaleString("en")})`));
  }
  const card = ([row, line, lane, ofKind, chips, text, key, isCut]) => {
    const made = element("li");
    made.append(element("p", "meta", `row ${row}, line ${line}` + (key ? ` · key ${key}` : "") + ` · ${data.kinds[ofKind]}`));
    if (data.lanes[lane]) made.append(element("h3", "", data.lanes[lane]));
    for (const [mark, said] of data.chips[chips]) made.append(element("span", `chip ${mark}`, said));
    made.append(element("pre", "note", text + (isCut ? " …" : "")));
    return made;
  };
  let matches = [];
  let shown = 0;
  const show = () => {
    const next = matches.slice(shown, shown + PAGE);
    list.append(...next.map((at) => card(data.rows[at])));
    shown += next.length;
    more.hidden = shown >= matches.length;
  };
  const search = () => {
    const terms = plain(query.value).split(/\s+/).filter(Boolean);
    const [of, rest] = [kind.value[0], kind.value.slice(1)];
    const fits = (at) => {
      const row = data.rows[at];
      if (of === "k" && String(row[3]) !== rest) return false;
      if (of === "c" && !data.chips[row[4]].some((chip) => chip[1] === rest)) return false;
      return terms.every((term) => haystacks[at].includes(term));
    };
    matches = [];
    for (let at = 0; at < data.rows.length; at += 1) if (fits(at)) matches.push(at);
    list.replaceChildren();
    shown = 0;
    found.textContent = `${matches.length.toLocaleString("en")} of ${data.rows.length.toLocaleString("en")} rows on this page`;
    show();
  };
  query.addEventListener("input", search);
  kind.addEventListener("change", search);
  more.addEventListener("click", show);
  document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
  search();
})();

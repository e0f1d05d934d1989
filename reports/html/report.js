'use strict';
/* The list of destinations: search, filter, sort, group, page by page; a story is read from the data when it is opened.
 * Text goes in as text. Markup goes in from the data alone, which the program has escaped. */
(() => {
  const PAGE = 100;         // rows at a time
  const PRINTED = 2000;     // rows on paper
  const LIST_LENGTH = 100;  // HTML_LIST_LENGTH of reports/html_parts.h
  const PROVIDERS = 200;    // that the filter offers; the search finds the others
  const VERDICTS = ['bounce', 'defer', 'downgrade', 'unknown', 'deliver'];
  // a row of the data
  const [NAME, TROUBLE, VERDICT, LEVEL, REASON, DSN, TLS, PROVIDER, ENTRY, REMARK, CHANGE, NEWS, ASKED, PUBLISHES, SOON, ENDS, LEAF, MAIL,
    AS, CELL] = Array.from({ length: 20 }, (_, n) => n);
  const COLUMNS = [
    { id: 'verdict', field: VERDICT, label: 'Verdict' }, { id: 'name', field: NAME, label: 'Destination' },
    { id: 'level', field: LEVEL, label: 'Level' }, { id: 'dsn', field: DSN, label: 'DSN' },
    { id: 'tls', field: TLS, label: 'TLS' },
  ];
  const GROUPINGS = [
    { field: null, label: 'nothing' }, { field: PROVIDER, label: 'provider of the mail host' },
    { field: ENTRY, label: 'policy entry' }, { field: REASON, label: 'reason' }, { field: LEVEL, label: 'level' },
    { field: PUBLISHES, label: 'what the domain publishes' },
  ];
  const SELECTS = [
    { id: 'level', field: LEVEL, any: 'any level' }, { id: 'reason', field: REASON, any: 'any reason' },
    { id: 'provider', field: PROVIDER, any: 'any provider' }, { id: 'change', field: CHANGE, any: 'any change' },
    { id: 'publishes', field: PUBLISHES, any: 'anything' },
  ];
  const GUARDS = 7;  // of reports/protection.h

  const byId = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(byId(id).textContent);
  const rows = read('rows');
  const words = read('words');
  const word = (row, field) => (field === NAME ? row[NAME] : words[row[field]]);
  const isTold = (field) => rows.some((row) => word(row, field) !== '');
  if (isTold(PUBLISHES)) COLUMNS.push({ id: 'publishes', field: PUBLISHES, label: 'Publishes' });
  const plural = (n, one) => `${n.toLocaleString('en')} ${one}${n === 1 ? '' : 's'}`;

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined) made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  };

  const mark = (verdict) => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
    svg.setAttribute('aria-hidden', 'true');
    use.setAttribute('href', `#mark-${verdict}`);
    svg.append(use);
    return element('span', { class: `verdict ${verdict}` }, svg, verdict);
  };

  /* Stories */

  const lists = new Map();
  const item = (kind, n) => {
    const id = `${kind}-${Math.floor(n / LIST_LENGTH)}`;
    if (!lists.has(id)) lists.set(id, read(id));
    return lists.get(id)[n % LIST_LENGTH];
  };
  const fill = (place, markup) => {
    place.innerHTML = markup;
    for (const part of place.querySelectorAll('[data-part]')) fill(part, item('part', Number(part.dataset.part)));
  };

  const addCopyButtons = (place) => {
    for (const pre of place.querySelectorAll('pre.paste')) {
      const text = pre.textContent;
      const button = element('button', { type: 'button', class: 'copy' }, 'Copy');
      button.addEventListener('click', async () => {
        try {
          await navigator.clipboard.writeText(text);
          button.textContent = 'Copied';
        } catch {
          getSelection().selectAllChildren(pre);
          button.textContent = 'Selected';
        }
      });
      pre.prepend(button);
    }
  };

  /* What is shown */

  const nothing = () => ({ text: '', verdicts: new Set(), level: '', reason: '', provider: '', change: '', publishes: '', only: null });
  const state = { ...nothing(), grouping: null, sort: null, down: false, page: 0 };
  const opened = new Set();
  let shown = [];
  let groups = null;      // of what is shown: the size of each, when there are any

  /* Which rows have the text: words are searched once, however many rows share them. */
  const SEARCHED = [PROVIDER, REASON, LEVEL, ENTRY, REMARK];
  const names = rows.map((row) => row[NAME].toLowerCase());
  const lowerWords = words.map((text) => text.toLowerCase());
  const makeSearchTest = (needle) => {
    const hits = lowerWords.map((text) => text.includes(needle));
    return (row, i) => names[i].includes(needle) || SEARCHED.some((field) => hits[row[field]]);
  };

  const makeTest = () => {
    const tests = [];
    const needles = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    if (state.verdicts.size > 0) tests.push((row) => state.verdicts.has(word(row, VERDICT)));
    for (const { id, field } of SELECTS) {
      if (state[id] !== '') tests.push((row) => word(row, field) === state[id]);
    }
    if (state.only !== null) tests.push(state.only.test);
    tests.push(...needles.map(makeSearchTest));
    return (row, i) => tests.every((test) => test(row, i));
  };

  /* Where a word stands among all words, so that rows compare as numbers. */
  const ranks = new Map();
  const rankOf = (field) => {
    if (!ranks.has(field)) {
      const texts = field === NAME ? rows.map((row) => row[NAME]) : words;
      const order = [...texts.keys()].sort((a, b) => (texts[a] < texts[b] ? -1 : texts[a] > texts[b] ? 1 : 0));
      const rank = new Array(texts.length);
      order.forEach((n, place) => { rank[n] = field === VERDICT ? VERDICTS.indexOf(texts[n]) : place; });
      ranks.set(field, (i) => rank[field === NAME ? i : rows[i][field]]);
    }
    return ranks.get(field);
  };

  /* Those with most trouble first, then the largest; within each the order stays. Gives the sizes. */
  const group = () => {
    const members = new Map();
    const sizes = new Map();
    for (const i of shown) {
      const key = rows[i][state.grouping];
      if (!members.has(key)) {
        members.set(key, []);
        sizes.set(key, { bad: 0, all: 0 });
      }
      members.get(key).push(i);
      sizes.get(key).all += 1;
      if (word(rows[i], VERDICT) !== 'deliver') sizes.get(key).bad += 1;
    }
    const worse = (a, b) => sizes.get(b).bad - sizes.get(a).bad || sizes.get(b).all - sizes.get(a).all || a - b;
    shown = [...members.keys()].sort(worse).flatMap((key) => members.get(key));
    return sizes;
  };

  const choose = () => {
    const test = makeTest();
    shown = [];
    rows.forEach((row, i) => { if (test(row, i)) shown.push(i); });
    if (state.sort !== null) {
      const rank = rankOf(state.sort);
      shown.sort((a, b) => (state.down ? rank(b) - rank(a) : rank(a) - rank(b)) || a - b);
    }
    groups = state.grouping === null ? null : group();
  };

  /* The table */

  const table = byId('list');

  /* Where there is no room, the style leaves columns out: a story is as wide as those that are left. */
  const span = () => [...byId('heads').children].filter((head) => getComputedStyle(head).display !== 'none').length;
  let spanned = 0;

  const storyRow = (i) => {
    const story = element('div', { class: 'story' });
    fill(story, item('story', i));
    addCopyButtons(story);
    return element('tr', { id: `story-${i}` }, element('td', { colspan: span() }, story));
  };

  const toggle = (i, tr, button) => {
    const open = !opened.has(i);
    if (open) {
      opened.add(i);
      tr.after(storyRow(i));
      history.replaceState(null, '', `#d=${encodeURIComponent(rows[i][NAME])}`);
    } else {
      opened.delete(i);
      tr.nextElementSibling.remove();
    }
    tr.classList.toggle('open', open);
    button.setAttribute('aria-expanded', String(open));
  };

  const cell = (row, column) => {
    const td = element('td', { class: `c-${column.id}` });
    td.append(column.id === 'verdict' ? mark(word(row, VERDICT)) : word(row, column.field));
    return td;
  };

  const nameCell = (row, i, tr) => {
    const button = element('button', { type: 'button', class: 'name', 'aria-expanded': String(opened.has(i)) }, row[NAME]);
    const td = element('td', { class: 'c-name' }, button);
    if (word(row, REMARK) !== '') td.append(element('span', { class: 'remark' }, word(row, REMARK)));
    button.addEventListener('click', () => toggle(i, tr, button));
    return td;
  };

  const rowOf = (i) => {
    const tr = element('tr', { 'data-row': i, class: opened.has(i) ? 'open' : null });
    for (const column of COLUMNS) tr.append(column.id === 'name' ? nameCell(rows[i], i, tr) : cell(rows[i], column));
    return opened.has(i) ? [tr, storyRow(i)] : [tr];
  };

  const groupRow = (key) => {
    const { bad, all } = groups.get(key);
    const note = `${plural(all, 'destination')}${bad > 0 ? `, ${bad.toLocaleString('en')} not as asked` : ''}`;
    return element('tr', { class: 'group' }, element('th', { colspan: span(), scope: 'rowgroup' }, `${words[key]} `, element('span', { class: 'dim' }, note)));
  };

  const fillTable = (from, to) => {
    let body = null;
    let key = null;
    for (const old of table.querySelectorAll('tbody')) old.remove();
    for (const i of shown.slice(from, to)) {
      if (body === null || (groups !== null && rows[i][state.grouping] !== key)) {
        body = element('tbody');
        table.append(body);
        if (groups !== null) {
          key = rows[i][state.grouping];
          body.append(groupRow(key));
        }
      }
      body.append(...rowOf(i));
    }
  };

  const fillPager = (from, to) => {
    const pager = byId('pager');
    pager.hidden = shown.length <= PAGE;
    pager.replaceChildren();
    const go = (label, page, possible) => {
      const button = element('button', { type: 'button' }, label);
      button.disabled = !possible;
      button.addEventListener('click', () => { state.page = page; show(); byId('destinations').focus(); byId('destinations').scrollIntoView(); });
      pager.append(button);
    };
    go('Previous', state.page - 1, from > 0);
    pager.append(element('span', {}, `${(from + 1).toLocaleString('en')} to ${to.toLocaleString('en')} of ${shown.length.toLocaleString('en')}`));
    go('Next', state.page + 1, to < shown.length);
  };

  const isFiltered = () => shown.length < rows.length || state.only !== null;

  const show = (limit = PAGE) => {
    const from = Math.min(state.page * PAGE, Math.max(0, shown.length - 1));
    const to = Math.min(from + limit, shown.length);
    spanned = span();
    fillTable(from, to);
    fillPager(from, to);
    table.hidden = shown.length === 0;
    byId('clear').disabled = !isFiltered() && state.text === '';
    const what = state.only === null ? '' : `: ${state.only.what}`;
    byId('count').textContent = shown.length === 0 ? `No destination is like that${what}. Clear the filters to see all of them.`
      : isFiltered() ? `${shown.length.toLocaleString('en')} of ${plural(rows.length, 'destination')}${what}` : plural(rows.length, 'destination');
  };

  /* Controls */

  const tally = (field) => {
    const counts = new Map();
    for (const row of rows) counts.set(word(row, field), (counts.get(word(row, field)) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  };

  const changed = () => { state.page = 0; choose(); show(); syncControls(); };

  const syncControls = () => {
    byId('search').value = state.text;
    for (const { id } of SELECTS) byId(id).value = state[id];
    for (const button of byId('verdicts').children) button.setAttribute('aria-pressed', String(state.verdicts.has(button.value)));
    byId('grouping').value = String(state.grouping ?? '');
    COLUMNS.forEach((column, n) => {
      const head = byId('heads').children[n];
      if (state.sort === column.field) head.setAttribute('aria-sort', state.down ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
      head.firstChild.textContent = column.label + (state.sort !== column.field ? '' : state.down ? ' ↓' : ' ↑');
    });
  };

  const makeVerdicts = () => {
    const counts = new Map(tally(VERDICT));
    for (const verdict of VERDICTS.filter((v) => counts.has(v))) {
      const button = element('button', { type: 'button', value: verdict, class: verdict, 'aria-pressed': 'false' }, mark(verdict), element('span', { class: 'count' }, counts.get(verdict).toLocaleString('en')));
      button.addEventListener('click', () => {
        if (!state.verdicts.delete(verdict)) state.verdicts.add(verdict);
        changed();
      });
      byId('verdicts').append(button);
    }
  };

  const makeSelects = () => {
    for (const { id, field, any } of SELECTS) {
      const select = byId(id);
      select.append(new Option(any, ''));
      select.parentElement.hidden = !isTold(field);
      for (const [text, count] of tally(field).slice(0, PROVIDERS)) if (text !== '') select.append(new Option(`${text} (${count.toLocaleString('en')})`, text));
      select.addEventListener('change', () => { state[id] = select.value; changed(); });
    }
    for (const { field, label } of GROUPINGS) if (field === null || isTold(field)) byId('grouping').append(new Option(label, String(field ?? '')));
    byId('grouping').addEventListener('change', (event) => {
      state.grouping = event.target.value === '' ? null : Number(event.target.value);
      changed();
    });
  };

  /* Up, down, and back to worst first. */
  const sortBy = (field) => {
    if (state.sort !== field) Object.assign(state, { sort: field, down: false });
    else if (!state.down) state.down = true;
    else Object.assign(state, { sort: null, down: false });
    changed();
  };

  const makeHeads = () => {
    byId('heads').replaceChildren();
    for (const column of COLUMNS) {
      const button = element('button', { type: 'button' }, column.label);
      button.addEventListener('click', () => sortBy(column.field));
      byId('heads').append(element('th', { scope: 'col', class: `c-${column.id}` }, button));
    }
  };

  const makeSearch = () => {
    let timer = 0;
    byId('search').addEventListener('input', (event) => {
      clearTimeout(timer);
      timer = setTimeout(() => { state.text = event.target.value.trim(); state.page = 0; choose(); show(); }, 80);
    });
  };

  /* From the top of the page, or a link from outside, into the list. */
  const jump = (filters) => {
    Object.assign(state, nothing(), filters);
    changed();
    byId('destinations').focus({ preventScroll: true });
    byId('destinations').scrollIntoView();
  };

  const openByName = (name) => {
    const i = rows.findIndex((row) => row[NAME] === name);
    if (i < 0) return;
    opened.add(i);
    jump({});
    state.page = Math.floor(shown.indexOf(i) / PAGE);
    show();
    const button = table.querySelector(`[data-row="${i}"] .name`);
    button.focus({ preventScroll: true });
    button.scrollIntoView();
  };

  /* The rows that a number on the page counted. */
  const GROUPS_SHOWN = 25;  // of reports/html_page.h: those from there on are one
  const hasBit = (field) => (value) => (row) => (row[field] & (1 << value)) !== 0;
  const COUNTED = {
    asked: (value) => (row) => word(row, ASKED) === value,
    news: (value) => (row) => word(row, NEWS) === value,
    trouble: (value) => {
      if (value === 'all') return (row) => row[TROUBLE] >= 0;
      if (value === 'acknowledged') return (row) => row[TROUBLE] < 0 && word(row, VERDICT) !== 'deliver';
      return Number(value) < GROUPS_SHOWN ? (row) => row[TROUBLE] === Number(value) : (row) => row[TROUBLE] >= GROUPS_SHOWN;
    },
    soon: hasBit(SOON), ends: hasBit(ENDS), leaf: hasBit(LEAF), mail: hasBit(MAIL),
    as: hasBit(AS),
    cell: (value) => (row) => row[CELL] === Number(value),
    publishes: (value) => (row) => row[CELL] >= 0 && Math.floor(row[CELL] / GUARDS) === Number(value),
    guard: (value) => (row) => row[CELL] >= 0 && row[CELL] % GUARDS === Number(value),
  };

  const follow = ({ dataset }) => {
    const filters = {};
    if (dataset.verdict !== undefined) filters.verdicts = new Set([dataset.verdict]);
    if (dataset.change !== undefined) filters.change = dataset.change;
    for (const [key, make] of Object.entries(COUNTED)) {
      if (dataset[key] !== undefined) filters.only = { what: dataset.what ?? `level ${dataset[key]}`, test: make(dataset[key]) };
    }
    jump(filters);
  };

  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href="#destinations"]');
    if (link === null || link.classList.contains('skip')) return;
    event.preventDefault();
    if (link.dataset.destination !== undefined) openByName(link.dataset.destination);
    else follow(link);
  });
  byId('clear').addEventListener('click', () => { Object.assign(state, nothing()); changed(); byId('search').focus(); });
  addEventListener('resize', () => { if (span() !== spanned) show(); });
  addEventListener('beforeprint', () => show(PRINTED));
  addEventListener('afterprint', () => show());

  makeVerdicts();
  makeSelects();
  makeHeads();
  makeSearch();
  addCopyButtons(document.querySelector('main'));
  changed();
  byId('waiting').remove();
  byId('controls').hidden = false;
  if (location.hash.startsWith('#d=')) openByName(decodeURIComponent(location.hash.slice(3)));
})();

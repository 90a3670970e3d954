// Search over the sections of all pages, without a server: the index is js/search-index.js.
(function start() {
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', start);
    return;
  }
  var bar = document.querySelector('.sidebar-nav') || document.querySelector('#leftColumn');
  var root = document.querySelector('link[href$="css/site.css"]').getAttribute('href').replace('css/site.css', '');
  if (!bar) return;

  // on a phone the menu would fill the first screen
  var menu = document.createElement('details');
  menu.innerHTML = '<summary>Contents</summary>';
  menu.open = window.innerWidth > 767;
  while (bar.firstChild) menu.appendChild(bar.firstChild);

  var box = document.createElement('input');
  box.id = 'search';
  box.type = 'search';
  box.placeholder = 'Search';
  box.setAttribute('aria-label', 'Search the documentation');
  var list = document.createElement('ul');
  list.id = 'found';
  bar.append(box, list, menu);

  function hit(section, words) {
    var title = (section[1] + ' ' + section[2]).toLowerCase();
    var text = section[3].toLowerCase();
    var score = 0;
    for (var i = 0; i < words.length; i++) {
      if (title.includes(words[i])) score += 10;
      else if (text.includes(words[i])) score += 1;
      else return 0;
    }
    return score;
  }

  function show(section, word) {
    var item = document.createElement('li');
    var link = document.createElement('a');
    link.href = root + section[0];
    link.textContent = section[1] === section[2] ? section[1] : section[1] + ': ' + section[2];
    var around = document.createElement('small');
    var at = section[3].toLowerCase().indexOf(word);
    if (at >= 0) {
      var mark = document.createElement('mark');
      mark.textContent = section[3].slice(at, at + word.length);
      around.append(section[3].slice(Math.max(0, at - 30), at), mark, section[3].slice(at + word.length, at + 60));
    }
    item.append(link, around);
    list.append(item);
  }

  box.addEventListener('input', function () {
    list.textContent = '';
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return;
    var hits = searchIndex.map(function (section) { return [hit(section, words), section]; })
      .filter(function (each) { return each[0] > 0; })
      .sort(function (a, b) { return b[0] - a[0]; });
    hits.slice(0, 12).forEach(function (each) { show(each[1], words[0]); });
    if (!hits.length) list.append('Nothing found');
  });
  // a link to a search: page.html?q=words
  var asked = new URLSearchParams(location.search).get('q');
  if (asked) {
    box.value = asked;
    box.dispatchEvent(new Event('input'));
  }
})();

// Before anything is painted: the theme a person chose, if any.
const chosen = localStorage.getItem("vpm-theme");
if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;

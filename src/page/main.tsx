/** The page: what the API answers, for a browser. It computes nothing that a command computes: it asks, lays out and draws. */
import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './style.css';
import { App } from './app.js';

render(<App />, document.getElementById('app')!);

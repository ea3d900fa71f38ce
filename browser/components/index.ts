export { componentTypes, type LoadedComponent, loadComponent } from './load-component.ts';

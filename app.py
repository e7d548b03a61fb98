"""The door of the app: the frame, and in it the page that was asked for."""

from pages.parts import frame

frame.show()

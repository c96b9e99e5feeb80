#!/usr/bin/python3
"""A small WebKitGTK browser for WebKitWebDriver. Unlike the driver's own it keeps its data between two starts, as Safari does.

Environment: HAWSER_WEBKIT_DATA (a folder; empty for a window that forgets), HAWSER_WEBKIT_SIZE (412x892).
"""
import os

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

DATA = os.environ.get("HAWSER_WEBKIT_DATA", "")
# On in Safari, off by default here.
SAFARI_HAS = {"StorageAPI", "StorageAPIEstimate", "FileSystem", "FileSystemWritableStream", "AccessHandle"}
WIDTH, HEIGHT = map(int, os.environ.get("HAWSER_WEBKIT_SIZE", "1280x720").split("x"))


def make_context():
    if DATA:
        manager = WebKit2.WebsiteDataManager(base_data_directory=f"{DATA}/data", base_cache_directory=f"{DATA}/cache")
    else:
        manager = WebKit2.WebsiteDataManager.new_ephemeral()
    context = WebKit2.WebContext(website_data_manager=manager)
    context.set_preferred_languages(["en-GB"])
    context.set_automation_allowed(True)
    return context


def make_settings():
    settings = WebKit2.Settings()
    features = WebKit2.Settings.get_all_features()
    for feature in map(features.get, range(features.get_length())):
        if feature.get_identifier() in SAFARI_HAS:
            settings.set_feature_enabled(feature, True)
    settings.set_enable_media_stream(True)
    return settings


def main():
    context, settings = make_context(), make_settings()

    def allow(_view, request):
        request.allow()
        return True

    def create_view(_session):
        view = WebKit2.WebView(web_context=context, settings=settings, is_controlled_by_automation=True)
        window = Gtk.Window()
        window.set_default_size(WIDTH, HEIGHT)
        window.add(view)
        view.connect("permission-request", allow)
        view.connect("close", lambda *_: window.destroy())
        window.show_all()
        view.grab_focus()
        return view

    def started(_context, session):
        info = WebKit2.ApplicationInfo()
        info.set_name("hawser-webkit")
        info.set_version(WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
        session.set_application_info(info)
        session.connect("create-web-view", create_view)

    context.connect("automation-started", started)
    Gtk.main()


main()

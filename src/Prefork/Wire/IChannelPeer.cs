using Prefork.Native;
using Prefork.Values;

namespace Prefork.Wire;

/// <summary>Who reads a channel: the primary's view of a worker, or the worker itself. All calls come on the loop.</summary>
internal interface IChannelPeer
{
    /// <summary>
    /// One message. <paramref name="body"/> is valid during the call only. With a command it is JSON, whatever the channel's format;
    /// a user's message, which has none, is as <paramref name="format"/> says.
    /// A <paramref name="handle"/> belongs to the peer from here on; null when none came.
    /// An exception thrown here is an offence of the sender's: the channel is closed for it.
    /// </summary>
    void OnMessage(string? command, ReadOnlySpan<byte> body, ValueFormat format, FileDescriptor? handle, string? handleType);

    /// <summary>A line to tell the other end before the channel is closed for an offence of its; empty for none.</summary>
    ReadOnlySpan<byte> LastWord(Exception offence) => [];

    /// <summary>The channel is gone, once. <paramref name="reason"/> is null for an orderly end of file.</summary>
    void OnClosed(Exception? reason);
}

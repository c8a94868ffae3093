namespace Prefork;

/// <summary>
/// The channel between primary and worker is closed, so the message was not sent.
/// The peer has disconnected, exited, or was cut off for breaking the protocol.
/// </summary>
public sealed class ClusterChannelClosedException : IOException
{
    /// <summary>Creates the exception with a message that names the channel.</summary>
    public ClusterChannelClosedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

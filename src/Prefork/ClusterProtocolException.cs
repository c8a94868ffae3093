namespace Prefork;

/// <summary>
/// A peer sent what the protocol does not allow: a line that is not JSON, a message over
/// <see cref="ClusterSettings.MaxMessageSize"/>, a reply of the wrong shape, figures on the scoreboard that cannot be.
/// Its channel is closed; everybody else goes on.
/// </summary>
public sealed class ClusterProtocolException : Exception
{
    /// <summary>Creates the exception with a message that says what was received.</summary>
    public ClusterProtocolException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

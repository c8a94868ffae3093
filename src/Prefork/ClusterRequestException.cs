namespace Prefork;

/// <summary>A request was refused, or its handler failed, at the other end; the message says which and carries the handler's own words.</summary>
public sealed class ClusterRequestException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ClusterRequestException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

namespace Prefork.Tool;

/// <summary>The folder in which the command was given. It may have been deleted meanwhile.</summary>
internal static class CurrentFolder
{
    /// <summary>Empty when there is none.</summary>
    internal static string PathOrEmpty
    {
        get
        {
            try
            {
                return Directory.GetCurrentDirectory();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }
}
